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
    """Write the model as ONNX, from token ids of one text to its unit vector."""
    import torch  # noqa: PLC0415 - of the extra "models"
    from safetensors.torch import load_file  # noqa: PLC0415
    from transformers import BertConfig, BertModel  # noqa: PLC0415

    config = BertConfig.from_pretrained(source, attn_implementation="eager")
    bert = BertModel(config, add_pooling_layer=False)
    bert.load_state_dict(load_file(source / "model.safetensors"), strict=False)

    class Sentence(torch.nn.Module):  # type: ignore[misc]
        """One text needs no mask: nothing is padded."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, ids: Any) -> Any:
            hidden = self.bert.encoder(self.bert.embeddings(ids))[0]
            return torch.nn.functional.normalize(hidden.mean(dim=1), dim=1)

    with warnings.catch_warnings():
        # torch recommends its newer exporter, which needs onnxscript and gains nothing here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Sentence().eval(),
            (torch.tensor([[config.bos_token_id, *range(5, 20), config.eos_token_id]]),),
            str(target),
            input_names=["ids"],
            output_names=["vector"],
            dynamic_axes={"ids": {1: "tokens"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    return int(config.hidden_size)


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
