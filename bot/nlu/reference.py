"""Writes the default encoder as a sentence-transformers folder, fp32, vocabulary trimmed.

Serving never reads it: it is what the served model is exported from, what its vectors are
compared with, and where a tuning of the encoder starts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.tokenizer import kept_ids, tokenizer_json
from bot.nlu.weights import Weights

PROMPTS = {"query": "query: ", "passage": "passage: "}
"""The model was trained with these words before each text (https://arxiv.org/abs/2402.05672)."""

_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}
_SPECIAL_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "cls_token": "<s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


def write_reference(weights: Weights, folder: Path) -> None:
    """Write the model with all that sentence-transformers needs to open it; needs safetensors."""
    from safetensors.numpy import save_file  # noqa: PLC0415 - of the extra "models"

    keep = kept_ids(weights.pieces)
    folder.mkdir(parents=True)
    path = folder / "model.safetensors"
    save_file(_state(weights, keep), path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors keeps its files to their owner; an image runs as another
    _write(folder / "tokenizer.json", tokenizer_json(weights.pieces, keep), indent=None)
    for name, content in _configs(weights, len(keep)).items():
        _write(folder / name, content)


def _write(path: Path, content: Any, indent: int | None = 2) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent), encoding="utf-8")


def _state(weights: Weights, keep: list[int]) -> dict[str, NDArray[np.float32]]:
    shape, tensor = weights.shape, weights.tensor
    hidden = shape.hidden
    state = {
        "embeddings.word_embeddings.weight": tensor("emb.word", shape.vocabulary, hidden)[keep],
        "embeddings.position_embeddings.weight": tensor("emb.pos", shape.positions, hidden),
        "embeddings.token_type_embeddings.weight": tensor("emb.type", shape.token_types, hidden),
        "embeddings.LayerNorm.weight": tensor("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": tensor("emb.ln.b", hidden),
        # Mean pooling has no use for BERT's pooler; without these, loading warns of new weights.
        "pooler.dense.weight": np.zeros((hidden, hidden), np.float32),
        "pooler.dense.bias": np.zeros(hidden, np.float32),
    }
    for layer in range(shape.layers):
        state |= _layer(weights, layer)
    return state


def _layer(weights: Weights, layer: int) -> dict[str, NDArray[np.float32]]:
    hidden, wide = weights.shape.hidden, weights.shape.feed_forward
    sizes = {"fi": (wide, hidden), "fo": (hidden, wide), "aln": (hidden,), "oln": (hidden,)}
    state = {}
    for short, long in _NAMES.items():
        size = sizes.get(short, (hidden, hidden))
        key = f"encoder.layer.{layer}.{long}"
        state[f"{key}.weight"] = weights.tensor(f"l{layer}.{short}.w", *size)
        state[f"{key}.bias"] = weights.tensor(f"l{layer}.{short}.b", size[0])
    return state


def _configs(weights: Weights, vocabulary: int) -> dict[str, Any]:
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    return {
        "config.json": _model_config(weights, vocabulary),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": weights.shape.positions,
            "padding_side": "right",
            "clean_up_tokenization_spaces": False,
            "model_input_names": ["input_ids", "attention_mask"],
            **_SPECIAL_TOKENS,
        },
        "special_tokens_map.json": _SPECIAL_TOKENS,
        "modules.json": [
            {
                "idx": i,
                "name": str(i),
                "path": path,
                "type": f"sentence_transformers.models.{kind}",
            }
            for i, (path, kind) in enumerate(kinds.items())
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": weights.shape.hidden,
            "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
        "sentence_bert_config.json": {
            "max_seq_length": weights.shape.positions,
            "do_lower_case": False,
        },
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _model_config(weights: Weights, vocabulary: int) -> dict[str, Any]:
    shape = weights.shape
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.token_types,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": weights.pieces.padding,
        "bos_token_id": weights.pieces.begin,
        "eos_token_id": weights.pieces.end,
        "torch_dtype": "float32",
        # Up to this version transformers does not warn of a regex that only Mistral's have.
        "transformers_version": "4.40.0",
    }
