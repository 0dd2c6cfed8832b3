"""The commands of docs/api.md, run one after the other against a real server."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.apps import LiveServer

PAGE = Path(__file__).parents[2] / "docs" / "api.md"

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def answers(output: str) -> list[Any]:
    """Return what each command printed that printed anything."""
    return [json.loads(line) for line in output.splitlines() if line.strip()]


@pytest.mark.skipif(shutil.which("curl") is None, reason="Expected curl, but it is not installed")
def test_the_commands_of_the_page_work(live_server: LiveServer) -> None:
    script = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    login = {"EMAIL": live_server.email, "PASSWORD": live_server.password}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, "BASE": live_server.url, **login},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    guest, _, rating, identity, signed_in, human, *desk, ready = answers(done.stdout)
    assert guest["decision"] == {"type": "use_skill", "skill": "order_status"}
    assert guest["replies"][-1]["key"] == "order_status.shipped"
    assert rating == {"score": 5}
    assert identity["signed_in"] is True
    assert signed_in["replies"][-1]["key"] == "order_status.shipped"
    assert human["handoff"]["reason"] == "asked_for_person"
    accepted, said, noted, ended = desk
    assert [accepted["state"], ended["state"]] == ["active", "ended"]
    assert [said["audience"], noted["audience"]] == ["everyone", "staff"]
    assert ready["status"] == "ready"
