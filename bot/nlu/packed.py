"""A packed encoder: a folder with `model.onnx`, `tokenizer.json` and a manifest of checksums."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.ports import ShopbellError

FORMAT = "shopbell-encoder/2"
MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"


class EncoderError(ShopbellError):
    """An encoder cannot be opened or built; the message says how to get one."""


class DamagedEncoderError(EncoderError):
    """A packed encoder is missing files, or they are not what its manifest says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A packed encoder whose files are what its manifest says."""

    folder: Path
    name: str
    """The model's name and a checksum of all that decides its vectors."""
    dimensions: int
    prompts: Mapping[str, str]
    """Words put before a text, by kind."""

    @property
    def model(self) -> Path:
        """Return the path of the ONNX model."""
        return self.folder / MODEL

    @property
    def tokenizer(self) -> Path:
        """Return the path of the tokenizer."""
        return self.folder / TOKENIZER


def write_manifest(
    folder: Path, *, name: str, dimensions: int, prompts: Mapping[str, str]
) -> None:
    """Describe every file that is in the folder now."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content = {
        "format": FORMAT,
        "name": name,
        "dimensions": dimensions,
        "prompts": dict(prompts),
        "files": {
            path.relative_to(folder).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": _checksum(path),
            }
            for path in files
        },
    }
    text = json.dumps(content, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def is_packed(folder: Path) -> bool:
    """Say whether a folder claims to be a packed encoder; it may be damaged all the same."""
    return (folder / MANIFEST).is_file() and (folder / MODEL).is_file()


def open_packed(folder: Path, *, thorough: bool = False) -> Packed:
    """Check a packed encoder; raises DamagedEncoderError.

    Sizes of all files are compared, and the checksums of the two that serving reads (0.05 s);
    a thorough check compares all checksums. Sub-folders serve other ends than serving and may be
    removed whole, as an image does.
    """
    content = _read_manifest(folder)
    try:
        files = {name: about for name, about in content["files"].items() if _is_due(folder, name)}
        _compare_sizes(folder, files)
        _compare_checksums(folder, files, files if thorough else (MODEL, TOKENIZER))
        decisive = [files[MODEL]["sha256"], files[TOKENIZER]["sha256"], content["prompts"]]
        digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
        return Packed(
            folder=folder,
            name=f"{content['name']}-{digest[:12]}",
            dimensions=int(content["dimensions"]),
            prompts=content["prompts"],
        )
    except OSError as error:
        raise DamagedEncoderError(f"{folder}: expected to read its files, but {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedEncoderError(
            f"{folder / MANIFEST}: expected a manifest of {FORMAT}, but {error!r}"
        ) from error


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedEncoderError(f"{path}: expected a manifest, but {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DamagedEncoderError(f"{path}: expected a manifest of {FORMAT}")
    return content


def _is_due(folder: Path, name: str) -> bool:
    top = name.partition("/")[0]
    return top == name or (folder / top).is_dir()


def _compare_sizes(folder: Path, files: Mapping[str, Any]) -> None:
    for name, about in files.items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size != about["bytes"]:
            got = "it is missing" if size is None else f"got {size}"
            raise DamagedEncoderError(f"{path}: expected {about['bytes']} bytes, but {got}")


def _compare_checksums(folder: Path, files: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        actual = _checksum(folder / name)
        if actual != files[name]["sha256"]:
            raise DamagedEncoderError(
                f"{folder / name}: expected SHA-256 {files[name]['sha256']}, but got {actual}"
            )


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
