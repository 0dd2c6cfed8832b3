"""The next passage of the first document is told when it answers nearly as well."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge_base.index import build
from knowledge_base.model import Document, Kind, Vector


def encode(texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
    """Put texts about parcels on one axis and those about tea on another."""
    rows = np.zeros((len(texts), 4), np.float32)
    for number, text in enumerate(texts):
        rows[number] = (text.count("parcel"), text.count("tea"), 0.2, 0.1 * len(text) / 500)
        rows[number] /= np.linalg.norm(rows[number])
    return rows


def article(name: str, *sections: str) -> Document:
    text = "\n\n".join(f"## {s.split('.')[0]}\n\n{s}" for s in sections)
    return Document(id=name, kind=Kind.ARTICLE, language="en", title=name, text=text)


def vector(text: str) -> Vector:
    found: Vector = encode([text], "query")[0]
    return found


def test_two_passages_on_the_question_are_told_together(tmp_path: Path) -> None:
    long = "This goes on for a while so that it stands alone as a passage of its own, as said."
    documents = [
        article("parcels", f"A parcel leaves at four. {long}", f"A parcel arrives soon. {long}"),
        article("tea", f"Our tea is green. {long}"),
    ]
    index = build(documents, encode, encoder_name="toy", folder=tmp_path)
    [first, *_] = index.search("parcel", vector("parcel"), language="en", top=2).hits
    assert first.id == "parcels"
    assert "parcel" in first.text
    assert "parcel" in first.more
    assert first.more != first.text


def test_an_article_of_one_passage_has_no_more(tmp_path: Path) -> None:
    index = build(
        [article("tea", "Our tea is green.")], encode, encoder_name="toy", folder=tmp_path
    )
    [first] = index.search("tea", vector("tea"), language="en", top=1).hits
    assert first.more == ""
