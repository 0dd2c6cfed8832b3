"""The index on disk: whole or not there, never changed in place, found damaged when it is."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge_base.index import Index, build, fingerprint, open_index, put_aside
from knowledge_base.model import BadIndexError, Document
from tests.unit.knowledge.fakes import article, encode, product, query

DOCUMENTS = [
    article("returns", "You can return things within thirty days.", title="Returns"),
    article("delivery", "The courier brings parcels in three days.", title="Delivery"),
    article("returns", "收货后三十天内可以退货。", title="退货", language="zh"),
    product("P-1001", "Paper lamp", "A lamp of paper, white or red.", codes=("P-1001-RED",)),
]


def made(folder: Path, documents: list[Document] | None = None, name: str = "fake") -> Index:
    return build(
        DOCUMENTS if documents is None else documents, encode, encoder_name=name, folder=folder
    )


def ids(index: Index, text: str, language: str = "en") -> list[str]:
    return [hit.id for hit in index.search(text, query(text), language=language).hits]


def version_of(folder: Path) -> Path:
    return folder / (folder / "current").read_text()


def test_what_is_built_can_be_opened(tmp_path: Path) -> None:
    built, opened = made(tmp_path), open_index(tmp_path)
    assert opened.fingerprint == built.fingerprint
    assert opened.encoder_name == "fake"
    assert opened.documents == 4
    assert ids(opened, "return things") == ids(built, "return things")


def test_documents_come_back_whole(tmp_path: Path) -> None:
    document = replace(
        DOCUMENTS[0], url="https://shop.example/r", version=7, topics=("return_request",)
    )
    made(tmp_path, [document])
    index = open_index(tmp_path)
    (hit,) = index.search("return", query("return"), language="en").hits
    assert (hit.id, hit.kind, hit.language, hit.title) == ("returns", "article", "en", "Returns")
    assert (hit.url, hit.version, hit.source) == ("https://shop.example/r", 7, "returns.md")
    assert hit.text == document.text


def test_the_same_content_is_not_built_again(tmp_path: Path) -> None:
    made(tmp_path)

    def never(_texts: object, _kind: object) -> NDArray[np.float32]:
        raise AssertionError("nothing new is to be encoded")

    build(DOCUMENTS[::-1], never, encoder_name="fake", folder=tmp_path)
    assert len(list(tmp_path.glob("*/manifest.json"))) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda d: replace(d, text="Other text."),
        lambda d: replace(d, title="Other"),
        lambda d: replace(d, version=2),
        lambda d: replace(d, topics=("x",)),
    ],
)
def test_any_change_makes_another_fingerprint(change: Callable[[Document], Document]) -> None:
    changed = [change(DOCUMENTS[0]), *DOCUMENTS[1:]]
    assert fingerprint(changed, "fake") != fingerprint(DOCUMENTS, "fake")
    assert fingerprint(DOCUMENTS, "other") != fingerprint(DOCUMENTS, "fake")


def test_an_open_index_outlives_the_next_ones(tmp_path: Path) -> None:
    first = made(tmp_path)
    for text in ("Second.", "Third.", "Fourth."):
        made(tmp_path, [article("a", text)])
    assert ids(first, "return things")[0] == "returns"
    assert ids(open_index(tmp_path), "fourth") == ["a"]
    assert len(list(tmp_path.glob("*/manifest.json"))) == 2


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = made(tmp_path, [])
    result = index.search("return", query("return"), language="en")
    assert (result.hits, result.sure, len(index)) == ((), False, 0)


def test_a_missing_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadIndexError, match="build it first"):
        open_index(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name",
    [
        "vectors.faiss",
        "passages.jsonl",
        "documents.jsonl",
        "lexical.json",
        "lexical-postings.npy",
        "background.npz",
        "pull.npy",
        "manifest.json",
    ],
)
@pytest.mark.parametrize("damage", ["cut", "gone", "changed"])
def test_a_damaged_file_is_noticed(
    tmp_path: Path, name: str, damage: Literal["cut", "gone", "changed"]
) -> None:
    made(tmp_path)
    path = version_of(tmp_path) / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        middle = len(content) // 2
        rest = b"" if damage == "cut" else b"\x07" + content[middle + 1 :]
        path.write_bytes(content[:middle] + rest)
    with pytest.raises(BadIndexError, match=str(tmp_path)):
        open_index(tmp_path)
    assert ids(made(tmp_path), "return things")[0] == "returns"


def test_an_index_of_another_format_is_refused(tmp_path: Path) -> None:
    made(tmp_path)
    manifest = version_of(tmp_path) / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(BadIndexError, match="99"):
        open_index(tmp_path)


@pytest.mark.parametrize("content", ["", "../elsewhere", "nothing", "\udcff"])
def test_a_broken_pointer_is_a_missing_index(tmp_path: Path, content: str) -> None:
    made(tmp_path)
    (tmp_path / "current").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadIndexError):
        open_index(tmp_path)


def test_a_failed_build_leaves_the_old_index(tmp_path: Path) -> None:
    made(tmp_path)

    def fails(_texts: object, _kind: object) -> NDArray[np.float32]:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        build([article("a", "New.")], fails, encoder_name="fake", folder=tmp_path)
    assert ids(open_index(tmp_path), "return things")[0] == "returns"
    assert not list(tmp_path.glob(".new-*"))


def test_a_damaged_version_is_kept_aside_once(tmp_path: Path) -> None:
    assert put_aside(tmp_path) is None
    for _ in range(2):
        made(tmp_path)
        aside = put_aside(tmp_path)
        assert aside is not None
        assert (aside / "manifest.json").exists()
        with pytest.raises(BadIndexError):
            open_index(tmp_path)
    assert len(list(tmp_path.glob("*/manifest.json"))) == 1


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build(
        DOCUMENTS,
        encode,
        encoder_name="fake",
        folder=tmp_path,
        progress=lambda *step: told.append(step),
    )
    assert told[0] == ("index", 0, 4)
    assert told[-1] == ("index", 4, 4)


def test_a_graph_finds_what_the_exact_index_finds(tmp_path: Path) -> None:
    words = ["lamp", "tea", "wool", "oak", "rain", "silk", "stone", "cup", "rug", "hat"]
    documents = [
        article(f"{a}-{b}", f"{a} {b} {a}{b}", title=f"{a} {b}") for a in words for b in words
    ]
    exact = made(tmp_path / "exact", documents)
    graph = build(documents, encode, encoder_name="fake", folder=tmp_path / "graph", flat_up_to=10)
    for text in ("silk rug", "tea", "oak hat in the rain"):
        assert ids(graph, text)[0] == ids(exact, text)[0]


def test_a_copied_folder_is_an_index(tmp_path: Path) -> None:
    made(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    shutil.rmtree(tmp_path / "a")
    assert ids(open_index(tmp_path / "b"), "courier")[0] == "delivery"
