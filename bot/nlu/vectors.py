"""An encoder that remembers: texts that stay (phrases, passages) are encoded once per model."""

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import numpy as np
import structlog
from filelock import FileLock
from numpy.typing import NDArray

from bot.ports import Encoder, Progress

Kind: TypeAlias = Literal["query", "passage"]
Vectors: TypeAlias = dict[bytes, NDArray[np.float32]]
T = TypeVar("T")

_CHUNK = 256
"""Texts that are encoded between two commits: what an interrupted run loses at most."""
_KEYS_PER_QUERY = 500
_WAIT_SECONDS = 30.0
_ROUNDING = 1e-3
_log = structlog.get_logger(__name__)


class CachedEncoder:
    """Keeps vectors on disk by a hash of kind and text, one SQLite file for each encoder.

    Several processes may use one folder. Shoppers' queries are never kept. A cache that cannot
    be used stops nobody: a corrupt file is put aside as `*.damaged` and made again, and where
    the folder cannot be written, texts are encoded as if there were no cache.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        name = re.sub(r"[^A-Za-z0-9._-]", "_", encoder.name)
        self._file = _VectorFile(folder / f"{name}.sqlite", encoder.dimensions)

    @property
    def name(self) -> str:
        """Return the name of the encoder behind."""
        return self._encoder.name

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return self._encoder.dimensions

    def encode(
        self, texts: Sequence[str], kind: Kind, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Look texts up, and encode those that are new; each once, however often it comes."""
        keys = [_key(text, kind) for text in texts]
        known = self._file.read(dict.fromkeys(keys))
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for fresh in self._encode(new, kind, progress):
            self._file.write(fresh)
            known |= fresh
        return np.array([known[key] for key in keys], np.float32).reshape(-1, self.dimensions)

    async def encode_query(self, text: str) -> NDArray[np.float32]:
        """Encode one query; nothing is looked up or kept."""
        return await self._encoder.encode_query(text)

    async def encode_parts(
        self, text: str, parts: Sequence[tuple[int, int]]
    ) -> NDArray[np.float32]:
        """Encode one query and its parts; nothing is looked up or kept."""
        return await self._encoder.encode_parts(text, parts)

    def close(self) -> None:
        """Close the encoder behind."""
        self._encoder.close()

    def _encode(
        self, new: Mapping[bytes, str], kind: Kind, progress: Progress | None
    ) -> Iterator[Vectors]:
        keys = list(new)
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            step = progress and _shifted(progress, start, len(keys))
            vectors = self._encoder.encode([new[key] for key in chunk], kind, step)
            yield dict(zip(chunk, vectors, strict=True))


def _key(text: str, kind: Kind) -> bytes:
    content = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).digest()


def _shifted(progress: Progress, start: int, total: int) -> Progress:
    return lambda what, done, _part: progress(what, start + done, total)


class _VectorFile:
    """The SQLite file; a connection per use, so that threads and processes share nothing."""

    def __init__(self, path: Path, dimensions: int) -> None:
        self._path = path
        self._dimensions = dimensions

    def read(self, keys: Iterable[bytes]) -> Vectors:
        """Return what is known of the keys."""
        wanted = list(keys)
        return self._use(lambda database: self._select(database, wanted)) or {}

    def write(self, vectors: Vectors) -> None:
        """Keep vectors; another process may write the same ones meanwhile."""
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
        self._use(lambda database: _insert(database, rows))

    def _select(self, database: sqlite3.Connection, keys: Sequence[bytes]) -> Vectors:
        rows: list[tuple[bytes, bytes]] = []
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            some = keys[start : start + _KEYS_PER_QUERY]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608
            rows += database.execute(query, some)
        return _sound([row for row in rows if len(row[1]) == 4 * self._dimensions])

    def _use(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            try:
                return self._open_and(work)
            except sqlite3.OperationalError:
                raise  # locked, full or read-only: nothing is wrong with the file
            except sqlite3.DatabaseError:
                self._put_aside()
                return self._open_and(work)
        except (sqlite3.Error, OSError) as error:
            _log.warning("vectors.not_kept", path=str(self._path), error=str(error))
            return None

    def _open_and(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_WAIT_SECONDS)) as database:
            database.execute("PRAGMA page_size = 8192")  # five rows of 384 fit, of a default two
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            with database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS vectors "
                    "(key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
                )
                return work(database)

    def _put_aside(self) -> None:
        with FileLock(f"{self._path}.lock", timeout=_WAIT_SECONDS):
            if self._is_sound():
                return  # another process was quicker
            _log.warning("vectors.damaged", path=str(self._path))
            self._path.replace(f"{self._path}.damaged")
            for end in ("-wal", "-shm"):
                Path(f"{self._path}{end}").unlink(missing_ok=True)

    def _is_sound(self) -> bool:
        try:
            return self._open_and(_passes_check)
        except sqlite3.DatabaseError:
            return False


def _passes_check(database: sqlite3.Connection) -> bool:
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    return bool(verdict == "ok")


def _insert(database: sqlite3.Connection, rows: Sequence[tuple[bytes, bytes]]) -> None:
    database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


def _sound(rows: Sequence[tuple[bytes, bytes]]) -> Vectors:
    """Leave out what is no unit vector: a page of the file was overwritten."""
    if not rows:
        return {}
    vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
    good = np.abs(np.linalg.norm(vectors, axis=1) - 1) < _ROUNDING
    return {key: vectors[i] for i, (key, _) in enumerate(rows) if good[i]}
