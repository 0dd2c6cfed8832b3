"""A folder with a trained model: two files of numbers, and model.json that vouches for them."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.nlu.heads import (
    Emotions,
    Intents,
    load_emotions,
    load_intents,
    save_emotions,
    save_intents,
)
from bot.ports import ShopbellError

FORMAT = 6
_MANIFEST, _INTENTS, _EMOTIONS = "model.json", "intents.npz", "emotions.npz"


class ModelError(ShopbellError):
    """A model folder is missing, damaged or made for something else; says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel:
    """What a folder holds; `emotions` is None where it was trained without any."""

    encoder: str
    fingerprint: str
    intents: Intents
    emotions: Emotions | None


def write_model(folder: Path, model: TrainedModel) -> Path:
    """Write a model so that nobody ever sees half of it; replaces an older one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists() and not (folder / _MANIFEST).is_file() and any(folder.iterdir()):
        raise ModelError(f"{folder}: expected a new folder or an older model, but it holds others")
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        save_intents(draft / _INTENTS, model.intents)
        if model.emotions is not None:
            save_emotions(draft / _EMOTIONS, model.emotions)
        sums = {file.name: _sum(file) for file in sorted(draft.iterdir())}
        facts = {
            "format": FORMAT,
            "encoder": model.encoder,
            "fingerprint": model.fingerprint,
            "intents": list(model.intents.head.labels),
            "sha256": sums,
        }
        (draft / _MANIFEST).write_text(json.dumps(facts, indent=1, ensure_ascii=False), "utf-8")
        draft.chmod(0o755)
        _swap(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def read_model(folder: Path) -> TrainedModel:
    """Read a model; raises ModelError when a file is missing, changed or of another format."""
    facts = _facts(folder)
    for name, expected in facts["sha256"].items():
        if not (folder / name).is_file() or _sum(folder / name) != expected:
            raise ModelError(f"{folder}: {name} is missing or damaged; train the model again")
    try:
        return TrainedModel(
            encoder=facts["encoder"],
            fingerprint=facts["fingerprint"],
            intents=load_intents(folder / _INTENTS),
            emotions=load_emotions(folder / _EMOTIONS) if _EMOTIONS in facts["sha256"] else None,
        )
    except (OSError, ValueError, KeyError) as error:
        message = f"{folder}: expected a model, but {error!r}; train it again"
        raise ModelError(message) from error


def is_sound(folder: Path) -> bool:
    """Return whether a folder holds a complete, undamaged model of this format."""
    try:
        facts = _facts(folder)
        sums: Mapping[str, str] = facts["sha256"]
        return all(_sum(folder / name) == expected for name, expected in sums.items())
    except (ModelError, OSError):
        return False


def _facts(folder: Path) -> dict[str, Any]:
    manifest = folder / _MANIFEST
    try:
        facts: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        complete = facts["format"] == FORMAT and _INTENTS in facts["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{folder}: expected a trained model with {_MANIFEST}; make one: shopbell train"
        raise ModelError(message) from error
    if not complete:
        raise ModelError(f"{folder}: expected format {FORMAT}, got {facts['format']}; train again")
    return facts


def _swap(draft: Path, folder: Path) -> None:
    """Put the new folder in place of the old one; a reader in between finds one of the two."""
    if not folder.exists():
        draft.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    os.replace(folder, old)  # noqa: PTH105 - Path.replace refuses nothing that this does, but folders
    draft.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
