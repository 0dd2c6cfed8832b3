"""NLP.js 4: installed from npm into the cache, run by Node.js."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.peers.outcome import MissingPeerError, Outcome, ask_program
from benchmarks.peers.splits import Split
from bot.settings import read_settings

SOURCES = Path(__file__).parent / "nlpjs"


def nlpjs(split: Split, _folder: Path, *, limit: float) -> Outcome:
    """Ask NLP.js; installs it first where it is missing."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise MissingPeerError("NLP.js needs Node.js 18 or newer with npm: apt install nodejs npm")
    return ask_program([node, str(installed() / "classify.mjs")], split, limit=limit)


def installed() -> Path:
    """Return the folder with the script and the packages that its lock file names."""
    folder = read_settings().cache.expanduser() / "peers" / "nlpjs"
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    if not (folder / "node_modules" / "@nlpjs").is_dir():
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        ended = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if ended.returncode:
            raise MissingPeerError(f"npm ci failed in {folder}:\n{ended.stderr[-2000:]}")
    return folder
