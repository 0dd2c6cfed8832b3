"""What is particular to the encoders that we serve; what all promise is in tests/contract."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.nlu.build import reference_folder
from bot.nlu.encoder import EncoderError, open_encoder
from bot.ports import Encoder
from bot.settings import read_settings
from tests.unit.nlu.tiny_encoder import write_tiny_packed, write_tiny_reference

SENTENCES = (
    "Where is my parcel? It was due on Monday.",
    "Can I send the kettle back if I have already used it once?",
    "ok",
    "Your courier left my box in the rain and everything inside is soaked!!!",
    "I paid twice for order A-10293 by mistake, please give me one payment back.",
    "does the rain jacket come in forest green, size L?",
    "How many points do I need for gold, and do they expire at the end of the year?",
    "let me talk to a human",
    "我的包裹卡在中转站三天了，一直没有更新",
    "水壶用过一次还能退吗？",
    "好的",
    "快递把箱子丢在雨里，里面的东西全湿了！！！",
    "订单 A-10293 不小心付了两次款，麻烦退我一笔",
    "这件雨衣有没有墨绿色，L 码的？",
    "升级金卡要多少积分，年底会清零吗",
    "转人工",
    "发票抬头写错了，可以重开一张 company invoice 吗",
)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_packed(tmp_path_factory.mktemp("encoder") / "packed")


@pytest.fixture(scope="module")
def tiny(packed: Path) -> Iterator[Encoder]:
    encoder = open_encoder(str(packed), packed)
    yield encoder
    encoder.close()


@pytest.mark.model
@pytest.mark.parametrize("kind", ["query", "passage"])
def test_the_default_agrees_with_sentence_transformers(kind: Literal["query", "passage"]) -> None:
    cache = read_settings().cache
    ours, theirs = (
        open_and_encode(name, cache, kind) for name in (None, str(reference_folder(cache)))
    )

    cosines = np.sum(ours * theirs, axis=1)

    assert [text for text, cosine in zip(SENTENCES, cosines, strict=True) if cosine <= 0.99] == []
    assert nearest_in_the_other_language(ours) == nearest_in_the_other_language(theirs)


def open_and_encode(
    name: str | None, cache: Path, kind: Literal["query", "passage"]
) -> NDArray[np.float32]:
    encoder = open_encoder(name, cache)
    vectors = encoder.encode(SENTENCES, kind)
    encoder.close()
    return vectors


def nearest_in_the_other_language(vectors: NDArray[np.float32]) -> list[int]:
    nearest: list[int] = (vectors[:8] @ vectors[8:].T).argmax(axis=1).tolist()
    return nearest


def test_the_packed_model_agrees_with_its_source(packed: Path, tiny: Encoder) -> None:
    source = open_encoder(str(packed / "reference"), packed)

    for kind in ("query", "passage"):
        cosines = np.sum(tiny.encode(SENTENCES, kind) * source.encode(SENTENCES, kind), axis=1)
        assert cosines.min() > 0.99
    source.close()


def test_queries_and_passages_get_their_own_prompts(tiny: Encoder) -> None:
    query, passage = (tiny.encode(["order"], kind) for kind in ("query", "passage"))

    assert not np.allclose(query, passage, atol=0.01)


@pytest.mark.parametrize(("kind", "read"), [("query", 256), ("passage", 512)])
def test_a_long_text_is_read_up_to_the_limit(
    tiny: Encoder, kind: Literal["query", "passage"], read: int
) -> None:
    inside, last, behind = tiny.encode(
        ["a " * (read // 2), "a " * (read // 2 - 4) + "b", "a " * (read // 2) + "b " * 50], kind
    )

    assert inside.tobytes() == behind.tobytes()
    assert inside.tobytes() != last.tobytes()


def test_blanks_hide_nothing(tiny: Encoder) -> None:
    plain, spread = tiny.encode(
        ["order a", "\n" * 50_000 + "order" + " \t" * 50_000 + "a"], "query"
    )

    assert plain.tobytes() == spread.tobytes()


async def test_a_query_does_not_wait_for_all_texts_before_it(tiny: Encoder) -> None:
    steps: list[int] = []
    started = threading.Event()

    def progress(_: str, done: int, __: int) -> None:
        steps.append(done)
        started.set()

    texts = ["order a b c"] * 5_000
    encoding = asyncio.create_task(asyncio.to_thread(tiny.encode, texts, "passage", progress))
    await asyncio.to_thread(started.wait)

    await tiny.encode_query("order")

    assert steps[-1] < len(texts), "the query was answered while texts were still encoded"
    await encoding


def test_serving_imports_no_torch_and_opening_module_imports_nothing_heavy(packed: Path) -> None:
    script = """
import sys
from pathlib import Path
from bot.nlu.encoder import open_encoder
heavy = {"torch", "transformers", "sentence_transformers", "sklearn"}
assert not {"onnxruntime", "tokenizers", *heavy} & set(sys.modules), "at import"
encoder = open_encoder(sys.argv[1], Path("unused"))
encoder.encode(["order"] * 3, "query")
assert not heavy & set(sys.modules), "while serving"
encoder.close()
"""
    command = [sys.executable, "-c", script, str(packed)]

    assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_packed(tmp_path / "packed")
    (folder / "model.onnx").write_bytes(b"no model")

    with pytest.raises(EncoderError, match=r"model\.onnx: expected \d+ bytes, but got 8"):
        open_encoder(str(folder), tmp_path)


def test_other_weights_give_another_name(tmp_path: Path) -> None:
    folder = write_tiny_reference(tmp_path / "reference")
    before = open_encoder(str(folder), tmp_path)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 0x01
    (folder / "model.safetensors").write_bytes(weights)
    after = open_encoder(str(folder), tmp_path)

    assert before.name != after.name
    before.close()
    after.close()


@pytest.mark.parametrize("content", [None, {}, {"config.json": "{"}])
def test_a_folder_without_a_model_is_refused(
    tmp_path: Path, content: dict[str, str] | None
) -> None:
    folder = tmp_path / "model"
    if content is not None:
        folder.mkdir()
    for name, text in (content or {}).items():
        (folder / name).write_text(text)

    with pytest.raises(EncoderError, match=rf"SHOPBELL_ENCODER={folder}"):
        open_encoder(str(folder), tmp_path)
