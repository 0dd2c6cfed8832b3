"""The commands of docs/rasa.md that need Shopbell alone, one after the other."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.apps import LiveServer

PAGE = Path(__file__).parents[3] / "docs" / "rasa.md"

pytestmark = [pytest.mark.e2e, pytest.mark.model]


@pytest.mark.skipif(shutil.which("curl") is None, reason="Expected curl, but it is not installed")
def test_the_commands_of_the_page_work(live_server: LiveServer) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    script = "\n".join(block for block in blocks if re.match("BASE=|post ", block))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, "BASE": live_server.url},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "HX79263759308" in done.stdout
    assert '"name": "order_status"' in done.stdout
    assert '"shopbell_owner", "value": "bot"' in done.stdout
