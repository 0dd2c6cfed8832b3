"""Servers that adapters need beside a database.

Without redis-server these tests skip, except under CI=true, where they fail.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        reason = "redis-server not found: apt-get install redis-server"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = RedisServer(port=port, folder=tmp_path)
    server.start()
    yield server
    server.stop()
