"""Packs a sentence-transformers folder for serving: ONNX, pooling inside, 8-bit weights.

Run as a program (`python -m bot.nlu.export FOLDER`) it makes the whole default encoder, with
lines of progress on standard output. `bot.nlu.build` runs it as a child, so that torch and its
half gigabyte never enter the process that serves.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

from bot.nlu.packed import MODEL, TOKENIZER, write_manifest
from bot.nlu.reference import write_reference
from bot.nlu.weights import find_weights, open_weights

NAME = "multilingual-e5-small"
REFERENCE = "reference"
"""Folder inside the packed encoder: the same weights in fp32, for comparison and tuning."""
STEPS = ("reading weights", "exporting", "quantizing", "writing checksums")

_THREE = ("query", "key", "value")
_OPSET = 17
"""The first with LayerNormalization as one operator."""


def main(folder: Path) -> None:
    """Make the default encoder in an empty folder."""
    reference = folder / REFERENCE
    _tell(0)
    write_reference(open_weights(find_weights()), reference)
    pack(reference, folder, name=NAME)


def pack(source: Path, folder: Path, *, name: str) -> None:
    """Pack a sentence-transformers folder that holds a BERT with mean pooling."""
    whole = folder / "whole.onnx"
    _tell(1)
    dimensions = _export(source, whole)
    _tell(2)
    _quantize(whole, folder / MODEL)
    whole.unlink()
    shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    _tell(3)
    config = json.loads((source / "config_sentence_transformers.json").read_text("utf-8"))
    write_manifest(folder, name=name, dimensions=dimensions, prompts=config["prompts"])
    _tell(4)


def _tell(done: int) -> None:
    sys.stdout.write(json.dumps([done, len(STEPS)]) + "\n")
    sys.stdout.flush()


def _export(source: Path, target: Path) -> int:
    """Write the model as ONNX, from token ids of one text to its vector and its tokens' states."""
    import torch  # noqa: PLC0415 - of the extra "models"
    from safetensors.torch import load_file  # noqa: PLC0415
    from transformers import BertConfig, BertModel  # noqa: PLC0415

    config = BertConfig.from_pretrained(source, attn_implementation="eager")
    bert = BertModel(config, add_pooling_layer=False)
    bert.load_state_dict(load_file(source / "model.safetensors"), strict=False)
    with warnings.catch_warnings():
        # torch recommends its newer exporter, which needs onnxscript and gains nothing here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _one_text(bert).eval(),
            (torch.tensor([[config.bos_token_id, *range(5, 20), config.eos_token_id]]),),
            str(target),
            input_names=["ids"],
            output_names=["vector", "states"],
            dynamic_axes={"ids": {1: "tokens"}, "states": {0: "tokens"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    return int(config.hidden_size)


def _one_text(bert: Any) -> Any:
    """Return a BERT's layers as a module for one text at a time.

    One text needs no batch, no mask and no padding, and its queries, keys and values are one
    product: a seventh faster than the same weights exported as `transformers` writes them
    (docs/decisions/0007-the-encoder.md), since a short text costs the reading of the weights.
    """
    import torch  # noqa: PLC0415 - of the extra "models"
    from torch.nn import functional  # noqa: PLC0415

    heads, width = bert.config.num_attention_heads, bert.config.hidden_size
    size = width // heads

    class Layer(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, layer: Any) -> None:
            super().__init__()
            own = layer.attention.self
            self.threefold = torch.nn.Linear(width, 3 * width)
            for name in ("weight", "bias"):
                query, key, value = (getattr(own.get_submodule(one), name) for one in _THREE)
                joined = torch.cat([query / size**0.5, key, value])
                setattr(self.threefold, name, torch.nn.Parameter(joined))
            self.attended, self.inner, self.output = (
                layer.attention.output,
                layer.intermediate.dense,
                layer.output,
            )

        def forward(self, hidden: Any) -> Any:
            threefold = self.threefold(hidden).reshape(-1, 3, heads, size)
            query, key, value = threefold.permute(1, 2, 0, 3).unbind(0)
            mixed = torch.softmax(query @ key.transpose(1, 2), -1) @ value
            mixed = self.attended.dense(mixed.permute(1, 0, 2).reshape(-1, width))
            hidden = self.attended.LayerNorm(mixed + hidden)
            grown = self.output.dense(functional.gelu(self.inner(hidden)))
            return self.output.LayerNorm(grown + hidden)

    class Sentence(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embeddings = bert.embeddings
            self.layers = torch.nn.ModuleList(map(Layer, bert.encoder.layer))

        def forward(self, ids: Any) -> Any:
            parts, words = self.embeddings, ids[0]
            hidden = parts.word_embeddings(words)
            hidden = hidden + parts.position_embeddings.weight[: words.shape[0]]
            hidden = parts.LayerNorm(hidden + parts.token_type_embeddings.weight[0])
            for layer in self.layers:
                hidden = layer(hidden)
            return functional.normalize(hidden.mean(dim=0, keepdim=True), dim=1), hidden

    return Sentence()


def _quantize(source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gather", "Gemm"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        # Seven bits: on processors without VNNI sums of eight saturate, and vectors would differ
        # (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).
        reduce_range=True,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
