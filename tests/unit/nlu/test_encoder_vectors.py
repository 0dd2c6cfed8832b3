import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.nlu.vectors import CachedEncoder
from bot.ports import Progress


class LengthEncoder:
    """Points in the direction of a text's length, and remembers what it was asked."""

    dimensions = 4

    def __init__(self, name: str = "length/model-0123456789ab") -> None:
        self.name = name
        self.asked: list[str] = []
        self.closed = False

    def encode(
        self,
        texts: Sequence[str],
        kind: Literal["query", "passage"],
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        self.asked += texts
        for done in range(1, len(texts) + 1):
            if progress is not None:
                progress("Encoding texts", done, len(texts))
        return np.stack([self._vector(text, kind) for text in texts])

    async def encode_query(self, text: str) -> NDArray[np.float32]:
        self.asked.append(text)
        return self._vector(text, "query")

    async def encode_parts(
        self, text: str, parts: Sequence[tuple[int, int]]
    ) -> NDArray[np.float32]:
        texts = [text, *(text[start:end] for start, end in parts)]
        return np.stack([await self.encode_query(one) for one in texts])

    def close(self) -> None:
        self.closed = True

    def _vector(self, text: str, kind: str) -> NDArray[np.float32]:
        raw = np.array([len(text), 1, 2, len(kind)], np.float32)
        return np.asarray(raw / np.linalg.norm(raw), np.float32)


def the_file(folder: Path) -> Path:
    return folder / "length_model-0123456789ab.sqlite"


def test_a_text_is_encoded_once_and_comes_back_byte_for_byte(tmp_path: Path) -> None:
    first = CachedEncoder(LengthEncoder(), tmp_path).encode(["a", "bb", "a"], "query")
    inner = LengthEncoder()

    second = CachedEncoder(inner, tmp_path).encode(["bb", "a", "ccc"], "query")

    assert inner.asked == ["ccc"]
    assert second[:2].tobytes() == first[[1, 0]].tobytes()
    assert second[2].tobytes() == inner._vector("ccc", "query").tobytes()


def test_a_text_that_comes_twice_is_asked_once(tmp_path: Path) -> None:
    inner = LengthEncoder()

    CachedEncoder(inner, tmp_path).encode(["a", "bb", "a", "a"], "passage")

    assert inner.asked == ["a", "bb"]


def test_kinds_and_encoders_are_kept_apart(tmp_path: Path) -> None:
    other = LengthEncoder("another")
    inner = LengthEncoder()
    cached = CachedEncoder(inner, tmp_path)

    query, passage = cached.encode(["a"], "query"), cached.encode(["a"], "passage")
    CachedEncoder(other, tmp_path).encode(["a"], "query")

    assert query.tobytes() != passage.tobytes()
    assert (inner.asked, other.asked) == (["a", "a"], ["a"])


async def test_shoppers_queries_are_not_kept(tmp_path: Path) -> None:
    inner = LengthEncoder()
    cached = CachedEncoder(inner, tmp_path)

    await cached.encode_query("a")
    await cached.encode_query("a")

    assert inner.asked == ["a", "a"]
    assert not the_file(tmp_path).exists()


def test_progress_counts_what_is_encoded(tmp_path: Path) -> None:
    cached = CachedEncoder(LengthEncoder(), tmp_path)
    cached.encode(["known"], "query")
    told: list[tuple[int, int]] = []

    texts = ["known", *(f"text {i}" for i in range(600))]
    cached.encode(texts, "query", lambda _, *step: told.append(step))

    assert told == [(done, 600) for done in range(1, 601)]


def test_what_was_encoded_before_an_interruption_is_kept(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(600)]

    def interrupt(_: str, done: int, __: int) -> None:
        if done == 550:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CachedEncoder(LengthEncoder(), tmp_path).encode(texts, "query", interrupt)
    inner = LengthEncoder()
    CachedEncoder(inner, tmp_path).encode(texts, "query")

    assert inner.asked == texts[512:]


@pytest.mark.parametrize(
    "damage", [b"no database at all", b"SQLite format 3\0" + bytes(4000)], ids=["text", "header"]
)
def test_a_corrupt_file_is_put_aside_and_made_again(tmp_path: Path, damage: bytes) -> None:
    CachedEncoder(LengthEncoder(), tmp_path).encode(["a"], "query")
    the_file(tmp_path).write_bytes(damage)

    inner = LengthEncoder()
    cached = CachedEncoder(inner, tmp_path)
    for _ in range(2):
        cached.encode(["a", "bb"], "query")

    assert inner.asked == ["a", "bb"]
    assert (tmp_path / f"{the_file(tmp_path).name}.damaged").read_bytes() == damage


def test_a_vector_that_is_no_unit_vector_is_made_again(tmp_path: Path) -> None:
    first = CachedEncoder(LengthEncoder(), tmp_path).encode(["a", "bb"], "query")
    with sqlite3.connect(the_file(tmp_path)) as database:
        database.execute("UPDATE vectors SET vector = zeroblob(16) WHERE rowid = 1")
        database.execute("UPDATE vectors SET vector = x'00' WHERE rowid = 2")
    database.close()
    inner = LengthEncoder()

    second = CachedEncoder(inner, tmp_path).encode(["a", "bb"], "query")

    assert inner.asked == ["a", "bb"]
    assert second.tobytes() == first.tobytes()


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder is due")

    vectors = CachedEncoder(LengthEncoder(), tmp_path / "file").encode(["a"], "query")

    assert vectors.shape == (1, 4)


def test_a_locked_file_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.nlu.vectors._WAIT_SECONDS", 0.01)
    cached = CachedEncoder(LengthEncoder(), tmp_path)
    cached.encode(["a"], "query")
    database = sqlite3.connect(the_file(tmp_path), isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")

    assert cached.encode(["bb"], "query").shape == (1, 4)

    database.close()
    assert not list(tmp_path.glob("*.damaged"))


def test_many_threads_may_share_a_file(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(300)]

    def encode(start: int) -> bytes:
        cached = CachedEncoder(LengthEncoder(), tmp_path)
        return cached.encode(texts[start:] + texts[:start], "query").tobytes()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(encode, range(0, 300, 30)))
    inner = LengthEncoder()
    CachedEncoder(inner, tmp_path).encode(texts, "query")

    assert inner.asked == []


def test_ten_thousand_texts_are_looked_up(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(10_000)]
    first = CachedEncoder(LengthEncoder(), tmp_path).encode(texts, "query")
    inner = LengthEncoder()

    second = CachedEncoder(inner, tmp_path).encode(texts, "query")

    assert inner.asked == []
    assert second.tobytes() == first.tobytes()


def test_closing_closes_the_encoder_behind(tmp_path: Path) -> None:
    inner = LengthEncoder()

    CachedEncoder(inner, tmp_path).close()

    assert inner.closed
