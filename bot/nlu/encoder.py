"""Turns texts into unit vectors: the port `Encoder`, its two adapters, and how to open one.

Both run one text per call, whatever is asked for. The default model's activations are quantized
over a whole batch, so that neighbours would change a vector; and batches are slower besides.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.nlu.build import build_default
from bot.nlu.packed import EncoderError, Packed, is_packed, open_packed
from bot.ports import Encoder, Progress

__all__ = ["EncoderError", "OnnxEncoder", "SentenceTransformersEncoder", "open_encoder"]

Kind: TypeAlias = Literal["query", "passage"]
Vector: TypeAlias = NDArray[np.float32]
Parts: TypeAlias = Sequence[tuple[int, int]]

THREADS = 2
TOKENS: Mapping[Kind, int] = {"query": 256, "passage": 512}
"""What is read of a text. A query of 256 tokens (about 400 Chinese characters or 190 English
words) takes 80 ms, one of 512 takes 230 ms, and shoppers wait for queries."""
_CHARACTERS_PER_TOKEN = 16
"""The default model's longest piece; what lies behind cannot reach the tokens that are read."""


def open_encoder(name: str | None, cache: Path, progress: Progress | None = None) -> Encoder:
    """Open an encoder, ready for its first text; the default is built if it is missing.

    Args:
        name: None for the default; else a folder that `bot.nlu.export.pack` wrote, or any
            sentence-transformers model by name or folder.
        cache: Where the default encoder is kept.
        progress: Told how a build goes.

    Raises:
        EncoderError: There is no such encoder, or it cannot be built here.
    """
    if name is None:
        return OnnxEncoder(open_packed(build_default(cache, progress)))
    folder = Path(name).expanduser()
    if is_packed(folder):
        return OnnxEncoder(open_packed(folder))
    if not folder.is_dir() and (folder.is_absolute() or name.startswith(".")):
        raise EncoderError(
            f"Expected a model folder at SHOPBELL_ENCODER={name}, but none is there"
        )
    return SentenceTransformersEncoder(str(folder) if folder.is_dir() else name)


class _ThreadedEncoder:
    """Runs functions from text to vectors in the worker threads."""

    def __init__(
        self,
        name: str,
        dimensions: int,
        encode_one: Callable[[str, Kind], Vector],
        encode_parts: Callable[[str, Parts], Vector],
    ) -> None:
        self._name = name
        self._dimensions = dimensions
        self._encode_one = encode_one
        self._encode_parts = encode_parts
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="encoder")

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def encode(
        self, texts: Sequence[str], kind: Kind, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        for done, vector in enumerate(self._in_order(texts, kind), 1):
            vectors[done - 1] = vector
            if progress is not None:
                progress("Encoding texts", done, len(texts))
        return vectors

    def _in_order(self, texts: Sequence[str], kind: Kind) -> Iterator[Vector]:
        # Few at a time: a shopper's query must not queue behind ten thousand passages.
        running: deque[Future[Vector]] = deque()
        for text in texts:
            if len(running) > THREADS:
                yield running.popleft().result()
            running.append(self._pool.submit(self._encode_one, text, kind))
        while running:
            yield running.popleft().result()

    async def encode_query(self, text: str) -> NDArray[np.float32]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._encode_one, text, "query")

    async def encode_parts(self, text: str, parts: Parts) -> NDArray[np.float32]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._encode_parts, text, parts)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class OnnxEncoder(_ThreadedEncoder):
    """Serves a packed encoder by onnxruntime."""

    def __init__(self, packed: Packed) -> None:
        self._session = _open_session(packed.model)
        self._prompts = packed.prompts
        self._tokenizer = _open_tokenizer(packed.tokenizer)
        super().__init__(packed.name, packed.dimensions, self._run, self._run_parts)

    def _run(self, text: str, kind: Kind) -> Vector:
        ids, _ = self._tokens(text, kind)
        (vectors,) = self._session.run(["vector"], {"ids": ids})
        vector: Vector = vectors[0]
        return vector

    def _run_parts(self, text: str, parts: Parts) -> Vector:
        """Read the text once; a part is the mean of its tokens' states, as a text is of all."""
        ids, spans = self._tokens(text, "query")
        vectors, states = self._session.run(["vector", "states"], {"ids": ids})
        rows = [vectors[0]]
        shift = len(self._prompts.get("query", ""))
        for start, end in parts:
            inside = (spans[:, 1] > start + shift) & (spans[:, 0] < end + shift)
            if inside.any():
                mean = states[inside].mean(0)
                rows.append(mean / np.linalg.norm(mean))
            else:  # it stands behind the tokens that are read
                rows.append(self._run(text[start:end], "query"))
        return np.stack(rows)

    def _tokens(self, text: str, kind: Kind) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the ids, shape (1, tokens), and where each token stands, shape (tokens, 2)."""
        read = self._tokenizer.encode(_readable(self._prompts.get(kind, "") + text, kind))
        ids, spans = read.ids, read.offsets
        if len(ids) > TOKENS[kind]:  # the last one says that the text ends
            ids = [*ids[: TOKENS[kind] - 1], ids[-1]]
            spans = [*spans[: TOKENS[kind] - 1], spans[-1]]
        return np.array([ids], np.int64), np.array(spans, np.int64)


class SentenceTransformersEncoder(_ThreadedEncoder):
    """Serves any sentence-transformers model by torch, which is imported here."""

    def __init__(self, model: str) -> None:
        self._model = _open_sentence_transformer(model)
        known = self._model.prompts
        passage = known.get("passage") or known.get("document") or ""
        self._prompts: Mapping[Kind, str] = {"query": known.get("query") or "", "passage": passage}
        longest = self._model.max_seq_length or TOKENS["passage"]
        self._model.max_seq_length = min(longest, TOKENS["passage"])
        name = f"{Path(model).name}-{_digest(self._model)}"
        dimensions = int(self._model.get_embedding_dimension())
        super().__init__(name, dimensions, self._run, self._run_parts)

    def _run(self, text: str, kind: Kind) -> Vector:
        vectors = self._model.encode(
            [_readable(text, kind)],
            prompt=self._prompts[kind],
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        vector: Vector = vectors[0].astype(np.float32, copy=False)
        return vector

    def _run_parts(self, text: str, parts: Parts) -> Vector:
        """Read each part by itself: not every such model is a mean of its tokens."""
        texts = [text, *(text[start:end] for start, end in parts)]
        return np.stack([self._run(one, "query") for one in texts])


def _readable(text: str, kind: Kind) -> str:
    """Cut what would not be read anyway, and lone surrogates, which tokenizers refuse."""
    longest = TOKENS[kind] * _CHARACTERS_PER_TOKEN
    if len(text) > longest:
        text = " ".join(text.split())[:longest]  # a run of blanks is one, as for the tokenizer
    return text.encode("utf-8", "replace").decode()


def _open_session(path: Path) -> Any:
    import onnxruntime  # noqa: PLC0415 - only serving pays for it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors share no base of their own
        raise EncoderError(f"{path}: expected an ONNX model, but {error}") from error


def _open_tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415 - only serving pays for it

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises plain Exception
        raise EncoderError(f"{path}: expected a tokenizer, but {error}") from error


def _open_sentence_transformer(model: str) -> Any:
    try:
        import torch  # noqa: PLC0415 - of the extra "models"
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415
    except ImportError as error:
        raise EncoderError(
            f"The encoder {model} needs sentence-transformers, but {error}. "
            'Run: pip install "shopbell[models]" (PyTorch\'s CPU build first)'
        ) from error
    torch.set_num_threads(1)
    disable_progress_bar()
    try:
        return SentenceTransformer(model, device="cpu")
    except Exception as error:  # hub, file and model errors of three libraries
        raise EncoderError(
            f"Expected a sentence-transformers model at SHOPBELL_ENCODER={model}, but {error}. "
            "Give a model's name or folder, or unset SHOPBELL_ENCODER for the default"
        ) from error


def _digest(model: Any) -> str:
    """Return a checksum of all that decides the model's vectors."""
    about = [sorted(model.prompts.items()), model.max_seq_length, str(model)]
    digest = hashlib.sha256(repr(about).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().reshape(-1).numpy().data)
    return digest.hexdigest()[:12]
