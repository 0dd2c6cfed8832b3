"""Documents cut into passages, and Markdown as plain text."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.articles import demo_articles
from knowledge_base.passages import split, width
from knowledge_base.plain import sections
from tests.unit.knowledge.fakes import article, product


def texts_of(markdown: str) -> list[str]:
    return [passage.text for passage in split(article("a", markdown))]


LONG = "This sentence says a little about how parcels travel through the country. "


def test_each_heading_makes_a_passage() -> None:
    passages = split(article("a", f"## One\n\n{LONG * 3}\n\n## Two\n\n{LONG * 3}", title="T"))
    assert [passage.heading for passage in passages] == ["One", "Two"]
    assert passages[0].searchable.startswith("T\nOne\nThis sentence")


def test_a_title_that_is_the_heading_is_said_once() -> None:
    (passage,) = split(article("a", f"# Returns\n\n{LONG * 2}", title="Returns"))
    assert passage.searchable.count("Returns") == 1


def test_a_long_section_is_cut_between_paragraphs() -> None:
    first, second = texts_of(f"## One\n\n{LONG * 8}\n\n{LONG * 8}")
    assert first == second == (LONG * 8).strip()


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    pieces = texts_of("## One\n\n" + LONG * 40)
    assert all(piece.startswith("This") and piece.endswith(".") for piece in pieces)
    assert " ".join(pieces) == (LONG * 40).strip()


def test_a_chinese_passage_holds_half_as_many_characters() -> None:
    sentence = "我们会在收到包裹以后的三到七个工作日之内完成退款。"
    pieces = texts_of("## 退款\n\n" + sentence * 60)
    assert all(piece.endswith("。") and 300 <= len(piece) <= 450 for piece in pieces[:-1])
    assert "".join(pieces) == sentence * 60


def test_a_run_without_any_end_is_cut_all_the_same() -> None:
    assert "".join(texts_of("x" * 5000)) == "x" * 5000
    assert all(len(piece) <= 900 for piece in texts_of("x" * 5000))


def test_a_short_section_joins_the_next() -> None:
    (passage,) = split(article("a", f"## Short\n\nSee below.\n\n## Long\n\n{LONG * 2}"))
    assert passage.heading == "Short"
    assert passage.text.startswith("See below.\n\nLong\n\nThis sentence")


def test_headings_without_text_give_the_title() -> None:
    assert texts_of("## Only a heading") == ["a"]


def test_a_product_is_one_passage() -> None:
    (passage,) = split(product("P-1", "Lamp", "A lamp.\ncolour: red, blue\n# not a heading"))
    assert passage.text == "A lamp.\ncolour: red, blue\n# not a heading"


def test_the_demo_articles_give_passages_of_sane_length() -> None:
    widths = [width(passage.text) for d in demo_articles() for passage in split(d)]
    assert min(widths) >= 80
    assert max(widths) <= 900


def test_markdown_becomes_plain() -> None:
    (section,) = sections(
        "Some *soft* and **hard** `words`, a [page](https://shop.example/a), a [place](#here),\n"
        "and <b>markup</b>.\n\n- one\n- two\n  1. inner\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "> said"
    )
    assert section.blocks == (
        "Some soft and hard words, a page (https://shop.example/a), a place, and <b>markup</b>.",
        "- one\n- two\n  1. inner",
        "a | b\n1 | 2",
        "said",
    )


def test_an_address_that_is_its_own_text_is_not_repeated() -> None:
    (section,) = sections("Write to [help@shop.example](mailto:help@shop.example).")
    assert section.blocks == ("Write to help@shop.example.",)


@given(st.text(max_size=3000))
def test_any_text_can_be_cut(text: str) -> None:
    passages = split(article("a", text))
    assert passages
    assert all(passage.text.strip() for passage in passages)
