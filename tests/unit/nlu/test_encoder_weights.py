import struct
from pathlib import Path

import numpy as np
import pytest

from bot.nlu.weights import WeightsError, find_weights, open_weights
from tests.unit.nlu.tiny_encoder import HIDDEN, PIECES, rounded, tensors, write_container


@pytest.fixture
def container(tmp_path: Path) -> Path:
    return write_container(tmp_path / "tiny.bin")


def test_sizes_and_pieces_are_read(container: Path) -> None:
    weights = open_weights(container)

    assert weights.shape.hidden == HIDDEN
    assert weights.shape.vocabulary == len(PIECES)
    assert weights.pieces.texts == PIECES
    assert (weights.pieces.begin, weights.pieces.end) == (0, 2)


def test_plain_tensors_are_read_as_they_are(container: Path) -> None:
    bias = open_weights(container).tensor("l0.q.b", HIDDEN)

    np.testing.assert_array_equal(bias, tensors()["l0.q.b"])


def test_four_bit_tensors_are_scaled_back(container: Path) -> None:
    matrix = open_weights(container).tensor("l0.fi.w", 2 * HIDDEN, HIDDEN)

    np.testing.assert_allclose(matrix, rounded(tensors()["l0.fi.w"]), rtol=1e-6)


def test_a_block_holds_low_halves_first(tmp_path: Path) -> None:
    """The example is worked by hand: byte j is 0x21, so weights are 1 - 8, then 2 - 8, halved."""
    block = struct.pack("<e", 0.5) + bytes([0x21] * 16)
    raw = write_container(tmp_path / "tiny.bin").read_bytes()
    start = raw.index(b"l0.q.w") + len("l0.q.w") + struct.calcsize("<BI")
    (offset,) = struct.unpack_from("<Q", raw, start)
    (tmp_path / "tiny.bin").write_bytes(raw[:offset] + block + raw[offset + 18 :])

    row = open_weights(tmp_path / "tiny.bin").tensor("l0.q.w", HIDDEN, HIDDEN)[0]

    assert row.tolist() == [-3.5] * 16 + [-3.0] * 16


def test_a_missing_tensor_is_named(container: Path) -> None:
    with pytest.raises(WeightsError, match=r"Expected tensor l9\.q\.w of 4 numbers, but got none"):
        open_weights(container).tensor("l9.q.w", 2, 2)


def test_another_size_is_named(container: Path) -> None:
    with pytest.raises(WeightsError, match=f"of 4 numbers, but got {HIDDEN} numbers"):
        open_weights(container).tensor("l0.q.b", 4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "expected a file of weights"),
        (b"GGUF" + bytes(100), "begins with b'GGUF'"),
        (b"E5S1" + struct.pack("<I7ifi", 2, *range(7), 0, 32), "version 2"),
        (b"E5S1" + bytes(8), "ends at byte 12"),
    ],
    ids=["empty", "another format", "another version", "cut short"],
)
def test_what_is_no_container_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(content)

    with pytest.raises(WeightsError, match=reason):
        open_weights(path)


def test_a_file_cut_in_its_tensors_is_refused(container: Path) -> None:
    container.write_bytes(container.read_bytes()[:-100])

    with pytest.raises(WeightsError, match="the file ends early"):
        open_weights(container).tensor("l0.oln.b", HIDDEN)


def test_the_installed_package_has_the_sizes_that_its_model_is_known_for() -> None:
    shape = open_weights(find_weights()).shape

    assert (shape.hidden, shape.layers, shape.heads, shape.vocabulary) == (384, 12, 12, 250_037)
