"""Articles from files: what is taken from where, and that each fault names its file."""

from pathlib import Path

import pytest

from knowledge_base.articles import LONGEST, demo_articles, read_articles
from knowledge_base.model import BadDocumentError, Kind


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_front_matter_says_everything(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.md",
        "---\nid: returns\ntitle: Returns\nlanguage: en\nupdated: 2026-10-05\n"
        "topics: [return_request, refund_policy]\nurl: https://shop.example/returns\n---\n\nText.",
    )
    (document,) = read_articles([path])
    assert document.id == "returns"
    assert document.title == "Returns"
    assert document.language == "en"
    assert document.topics == ("return_request", "refund_policy")
    assert document.url == "https://shop.example/returns"
    assert document.text == "Text."
    assert document.kind is Kind.ARTICLE
    assert document.source == "x.md"


def test_without_front_matter_the_file_speaks(tmp_path: Path) -> None:
    write(tmp_path / "zh" / "gift-cards.md", "# 礼品卡\n\n正文。")
    (document,) = read_articles([tmp_path])
    assert (document.id, document.language) == ("gift-cards", "zh")
    assert (document.title, document.text) == ("礼品卡", "正文。")


def test_the_name_is_the_title_when_nothing_else_is(tmp_path: Path) -> None:
    (document,) = read_articles([write(tmp_path / "en" / "gift-cards.md", "Just text.")])
    assert document.title == "gift cards"


def test_the_language_is_detected_when_nobody_says_it(tmp_path: Path) -> None:
    path = write(tmp_path / "help" / "a.md", "Bonjour")
    (document,) = read_articles([path], lambda text: "fr" if "Bonjour" in text else "?")
    assert document.language == "fr"


def test_a_folder_of_two_letters_is_no_language_by_itself(tmp_path: Path) -> None:
    (document,) = read_articles([write(tmp_path / "kb" / "a.md", "Hello")], lambda _: "en")
    assert document.language == "en"


@pytest.mark.parametrize("written", ["zh-CN", "zh_TW", "ZH"])
def test_the_region_of_a_language_is_left_out(tmp_path: Path, written: str) -> None:
    (document,) = read_articles([write(tmp_path / "a.md", f"---\nlanguage: {written}\n---\n文")])
    assert document.language == "zh"


def test_windows_files_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("---\r\nid: a\r\nlanguage: en\r\n---\r\nText.\r\n".encode("utf-8-sig"))
    (document,) = read_articles([path])
    assert (document.id, document.text) == ("a", "Text.")


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    (document,) = read_articles([write(tmp_path / "en" / "a.md", "---\nA text with a rule.")])
    assert "A text with a rule." in document.text


def test_translations_share_an_id(tmp_path: Path) -> None:
    write(tmp_path / "en" / "a.md", "Text")
    write(tmp_path / "zh" / "a.md", "文")
    assert {(d.id, d.language) for d in read_articles([tmp_path])} == {("a", "en"), ("a", "zh")}


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "en" / "a.md", "Text")
    assert len(read_articles([path, tmp_path])) == 1


def test_hidden_files_and_other_kinds_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "en" / "a.md", "Text")
    write(tmp_path / "en" / ".draft.md", "Draft")
    write(tmp_path / ".git" / "b.md", "Text")
    write(tmp_path / "en" / "picture.svg", "<svg/>")
    assert [d.id for d in read_articles([tmp_path])] == ["a"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "has no text"),
        (b"---\nlanguage: en\n---\n  \n", "has no text"),
        (b"\xff\xfe\x00bad", "expected UTF-8"),
        (b"nul \x00 here", "NUL"),
        (b"---\nid: [a\n---\nText", "expected YAML"),
        (b"---\n- a\n---\nText", "expected front matter"),
        (b"---\nlanguage: en\ntopics: 3\n---\nText", "topics to be a list"),
        (b"---\nid: {a: b}\n---\nText", "id to be text"),
        (b"No language anywhere", "language: en"),
        (b"x" * (LONGEST + 1), f"at most {LONGEST}"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "help" / "bad.md"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(BadDocumentError) as caught:
        read_articles([path])
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


def test_two_articles_of_one_id_and_language_name_both_files(tmp_path: Path) -> None:
    first = write(tmp_path / "1" / "a.md", "---\nlanguage: en\n---\nText")
    second = write(tmp_path / "2" / "a.md", "---\nlanguage: en\n---\nText")
    with pytest.raises(BadDocumentError) as caught:
        read_articles([tmp_path])
    assert str(first) in str(caught.value)
    assert str(second) in str(caught.value)


@pytest.mark.parametrize("make", [False, True])
def test_nothing_to_read_is_said(tmp_path: Path, *, make: bool) -> None:
    path = tmp_path / "empty"
    if make:
        path.mkdir()
    with pytest.raises(BadDocumentError, match="empty"):
        read_articles([path])


def test_the_demo_articles_come_in_both_languages() -> None:
    documents = demo_articles()
    by_language = {lang: {d.id for d in documents if d.language == lang} for lang in ("en", "zh")}
    assert by_language["en"] == by_language["zh"]
    assert len(by_language["en"]) >= 25
    assert all(d.topics and d.title for d in documents)
