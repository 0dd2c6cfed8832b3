"""Rasa 3.6: runs in the environment that `make test-rasa` makes."""

import os
from pathlib import Path

from benchmarks.peers.outcome import MissingPeerError, Outcome, ask_program
from benchmarks.peers.splits import Split

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "rasa_banking.py"


def rasa(split: Split, _folder: Path, *, limit: float, epochs: int) -> Outcome:
    """Train and ask the pipeline that `rasa init` gives."""
    environment = ROOT / os.environ.get("RASA_VENV", ".venv-rasa")
    python = environment / "bin" / "python"
    if not python.exists():
        raise MissingPeerError(f"Rasa is not at {environment}: make test-rasa installs it there")
    return ask_program([str(python), str(SCRIPT)], split, limit=limit, epochs=epochs)
