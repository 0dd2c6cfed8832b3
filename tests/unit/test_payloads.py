"""What buttons send, read as Rasa 3.6 reads it."""

import pytest

from bot.bootstrap import App
from bot.model import Language
from bot.payloads import LONGEST, MOST_ENTITIES, read_payload, write_payload

KNOWN = frozenset({"order_status", "affirm"})


def read(text: str) -> tuple[str, list[tuple[str, str]]] | None:
    payload = read_payload(text, KNOWN)
    if payload is None:
        return None
    assert all(text[e.start : e.end] == e.text for e in payload.entities)
    return payload.name, [(entity.type, entity.value) for entity in payload.entities]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/affirm", ("affirm", [])),
        (" /affirm ", ("affirm", [])),
        ("/affirm@0.7", ("affirm", [])),
        ("/affirm@x", ("affirm", [])),
        ('/order_status{"order_number": "SB-1"}', ("order_status", [("order_number", "SB-1")])),
        ('/order_status@1.0{"zip": 90210}', ("order_status", [("zip", "90210")])),
        (
            '/order_status{"zip": ["90210", 94107]}',
            ("order_status", [("zip", "90210"), ("zip", "94107")]),
        ),
        ('/order_status{"city": "北京"}', ("order_status", [("city", "北京")])),
        (r'/order_status{"city": "\u5317\u4eac"}', ("order_status", [("city", "北京")])),
    ],
)
def test_a_payload_names_an_intent_and_entities(text: str, meant: object) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    "text", ["affirm", "/", "//affirm", "/unknown", '/unknown{"zip": "1"}', "/affirm it", "", "{}"]
)
def test_other_texts_are_texts(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "entities",
    [
        "{broken}",
        '{"zip": }',
        '{"zip": null, "order_number": {"a": "b"}, "email": true, "phone": [[1]], "name": ""}',
        '{"no type": "x", "1": "x", "": "x"}',
        "{" * 1500 + "}",
        '{"name": "' + "x" * 1000 + '"}',
        '["zip"]',
    ],
)
def test_entities_that_cannot_be_read_are_left_out(entities: str) -> None:
    assert read("/affirm" + entities) in (("affirm", []), None)


def test_a_button_carries_so_much_and_no_more() -> None:
    many = ", ".join(f'"zip{n}": "{n}"' for n in range(MOST_ENTITIES + 5))
    payload = read_payload("/affirm{" + many + "}", KNOWN)

    assert payload is not None
    assert len(payload.entities) == MOST_ENTITIES
    assert read_payload("/affirm" + " " * LONGEST, KNOWN) is None


@pytest.mark.model
@pytest.mark.asyncio(loop_scope="session")
async def test_a_button_keeps_the_language_of_the_talk_and_has_no_feeling(demo_app: App) -> None:
    for hint in ("zh", "en"):
        text = '/complaint{"order_number": "SB-20417"}'
        heard = await demo_app.recognizer.recognize(text, hint=Language(hint))
        said = heard.understanding
        assert (said.language, said.exact, said.intent) == (hint, "complaint", "complaint")
        assert (said.emotion.name, said.emotion.intensity) == ("neutral", 0.0)
        assert [(e.type, e.value) for e in said.entities] == [("order_number", "SB-20417")]


@pytest.mark.parametrize("value", ["LL-1067", 'quo"ted', "青瓷", "{}"])
def test_what_is_written_is_read(value: str) -> None:
    payload = read_payload(write_payload("affirm", product=value))

    assert payload is not None
    assert payload.name == "affirm"
    assert [(entity.type, entity.value) for entity in payload.entities] == [("product", value)]
    assert write_payload("affirm") == "/affirm"
    assert read_payload("/") is None
