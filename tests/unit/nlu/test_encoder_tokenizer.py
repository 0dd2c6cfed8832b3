import json

import pytest
from tokenizers import Tokenizer

from bot.nlu.tokenizer import kept_ids, tokenizer_json
from bot.nlu.weights import Pieces, find_weights, open_weights
from tests.unit.nlu.tiny_encoder import PIECES

PIECES_OF_TEST = Pieces(
    texts=PIECES,
    scores=tuple(-20.0 / len(text) for text in PIECES),
    begin=0,
    end=2,
    padding=1,
    unknown=3,
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    content = tokenizer_json(PIECES_OF_TEST, kept_ids(PIECES_OF_TEST))
    return Tokenizer.from_str(json.dumps(content))


def test_only_pieces_of_other_scripts_are_left_out() -> None:
    left_out = set(PIECES) - {PIECES[i] for i in kept_ids(PIECES_OF_TEST)}

    assert left_out == {"é", "ж", "가"}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("order", ["▁order"]),
        ("  order \n", ["▁order"]),
        ("ｏｒｄｅｒ！", ["▁order", "!"]),
        ("order\u200border", ["▁order", "▁order"]),
        ("or\x07der", ["▁order"]),
        ("我的订单", ["▁", "我", "的", "订单"]),
        ("退款～", ["▁", "退", "款", "～"]),
        ("a\u3000b", ["▁", "a", "▁", "b"]),
        ("😀", ["▁", "😀"]),
        ("", []),
    ],
)
def test_texts_become_the_tokens_of_the_original(
    tokenizer: Tokenizer, text: str, tokens: list[str]
) -> None:
    assert tokenizer.encode(text).tokens == ["<s>", *tokens, "</s>"]


def test_other_scripts_are_the_unknown_token(tokenizer: Tokenizer) -> None:
    assert PIECES_OF_TEST.unknown in tokenizer.encode("가").ids


@pytest.mark.slow
def test_a_smaller_vocabulary_cuts_chinese_and_english_as_the_whole_one_does() -> None:
    pieces = open_weights(find_weights()).pieces
    whole = Tokenizer.from_str(json.dumps(tokenizer_json(pieces, range(len(pieces.texts)))))
    trimmed = Tokenizer.from_str(json.dumps(tokenizer_json(pieces, kept_ids(pieces))))

    for text in (
        "query: Where's my parcel #10234? It was due on 3/12 & I'm still waiting...",
        "passage: 七天无理由退货：签收后7天内，商品完好、配件齐全即可申请；运费由买家承担。",
        "query: 我的 iPhone 15 Pro 到底什么时候发货啊😡😡 客服在吗～",
    ):
        assert trimmed.encode(text).tokens == whole.encode(text).tokens
        assert PIECES_OF_TEST.unknown not in trimmed.encode(text).ids
