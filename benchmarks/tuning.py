"""Tunes the encoder to the shipped phrases, as an experiment: what would that gain?

    python -m benchmarks.tuning FOLDER [--epochs 1] [--keep 1.0]
    SHOPBELL_ENCODER=FOLDER python -m benchmarks.heads
    SHOPBELL_ENCODER=FOLDER python -m benchmarks.banking77 --candidates shopbell --runs 10-shot

Low-rank matrices (LoRA, Hu et al. 2021, https://arxiv.org/abs/2106.09685) are learnt beside the
frozen weights of every layer, from intents (cross-entropy, and the supervised contrastive loss of
Khosla et al. 2020), while each vector is held near the one that it was (`--keep`), since the same
encoder serves retrieval. Then they are merged and packed as the shipped encoder is. Needs the
extra "models"; one pass over the phrases takes ten to thirty minutes of two cores.
"""

import argparse
import math
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from bot.bootstrap import open_cached_encoder
from bot.nlu.build import reference_folder
from bot.nlu.export import pack
from bot.settings import read_settings
from intents.loader import load_phrases
from intents.model import Example

BATCH = 48
LENGTH = 96
"""Tokens that are read of a phrase."""
RATES = (1e-3, 5e-3)
"""Of the matrices, and of the layer that names intents."""
CONTRAST, TEMPERATURE, SHARPNESS = 0.3, 0.1, 8.0
SMOOTHING = 0.1
SEED = 0


class LowRank(nn.Module):
    """A linear layer that stays, and a product of two small matrices beside it."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the sum of both."""
        both: Tensor = self.layer(inputs) + inputs @ self.down.T @ self.up.T
        return both

    def merged(self) -> Tensor:
        """Return the one matrix that does the same."""
        return (self.layer.weight + self.up @ self.down).detach().contiguous()


def main() -> None:
    """Tune, and write the packed encoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--keep", type=float, default=1.0)
    given = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    settings = read_settings()
    encoder = open_cached_encoder(settings)
    examples = [example for example in load_phrases() if example.text.strip()]
    before = encoder.encode([example.text for example in examples], "query")
    encoder.close()
    reference = reference_folder(settings.cache)
    tuner = Tuner(reference, examples, before, rank=given.rank, keep=given.keep)
    tuner.run(given.epochs)
    tuner.write(reference, given.folder)
    print(f"The tuned encoder is in {given.folder}")


class Tuner:
    """Learns the low-rank matrices."""

    def __init__(
        self,
        reference: Path,
        examples: Sequence[Example],
        before: NDArray[np.float32],
        *,
        rank: int,
        keep: float,
    ) -> None:
        self.keep, self.examples = keep, examples
        self.tokenizer: Any = AutoTokenizer.from_pretrained(reference)
        self.bert: Any = AutoModel.from_pretrained(reference, add_pooling_layer=False)
        self.bert.requires_grad_(requires_grad=False)
        self.adapted = dict(_adapt(self.bert.encoder, rank))
        labels = sorted({example.intent for example in examples})
        self.wanted = torch.tensor([labels.index(example.intent) for example in examples])
        self.before = torch.tensor(before)
        self.centre = self.before.mean(0)
        self.head = nn.Linear(before.shape[1], len(labels))

    def run(self, epochs: int) -> None:
        """Go over all phrases so many times."""
        random = np.random.default_rng(SEED)
        matrices = [one for one in self.bert.parameters() if one.requires_grad]
        groups = [
            {"params": matrices, "lr": RATES[0]},
            {"params": self.head.parameters(), "lr": RATES[1]},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        steps = epochs * (
            math.ceil(len(self.examples) / BATCH) + len(self.examples) // BATCH // 16
        )
        plan = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, list(RATES), total_steps=steps + 16, pct_start=0.1
        )
        self.bert.train()
        began, step = time.monotonic(), 0
        for _ in range(epochs):
            for rows in self._batches(random):
                loss = self._loss(torch.tensor(rows))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                plan.step()
                step += 1
                if step % 10 == 0:
                    spent = time.monotonic() - began
                    sys.stderr.write(f"{step}/{steps} loss {float(loss):.3f} {spent:.0f} s\n")
        self.bert.eval()

    def _batches(self, random: np.random.Generator) -> Iterator[list[int]]:
        """Give random batches of phrases of similar length."""
        order = random.permutation(len(self.examples))
        found = []
        for start in range(0, len(order), BATCH * 16):
            some = sorted(order[start : start + BATCH * 16], key=self._length)
            found += [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
        for at in random.permutation(len(found)):
            yield [int(row) for row in found[at]]

    def _length(self, row: int) -> int:
        return len(self.examples[row].text.encode())

    def _loss(self, rows: Tensor) -> Tensor:
        vectors = self._vectors([self.examples[row].text for row in rows])
        wanted, directions = self.wanted[rows], functional.normalize(vectors - self.centre, dim=1)
        named = functional.cross_entropy(
            self.head(SHARPNESS * directions), wanted, label_smoothing=SMOOTHING
        )
        moved = 1 - (vectors * self.before[rows]).sum(1).mean()
        return named + CONTRAST * _contrast(directions, wanted) + self.keep * moved

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        read = self.tokenizer(
            [f"query: {text}" for text in texts],
            padding=True, truncation=True, max_length=LENGTH, return_tensors="pt",
        )  # fmt: skip
        hidden, mask = self.bert(**read)[0], read["attention_mask"][..., None].float()
        return functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    def write(self, reference: Path, folder: Path) -> None:
        """Write the merged weights as a sentence-transformers folder, and packed for serving."""
        merged = folder / "reference"
        shutil.copytree(reference, merged)
        weights = load_file(reference / "model.safetensors")
        prefix = "" if "encoder.layer.0.output.dense.weight" in weights else "bert."
        for name, layer in self.adapted.items():
            weights[f"{prefix}encoder.{name}.weight"] = layer.merged()
        save_file(weights, merged / "model.safetensors")
        pack(merged, folder, name="tuned")


def _adapt(module: nn.Module, rank: int, path: str = "") -> Iterator[tuple[str, LowRank]]:
    """Put a `LowRank` in place of every linear layer."""
    for name, child in list(module.named_children()):
        whole = f"{path}.{name}".lstrip(".")
        if isinstance(child, nn.Linear):
            adapted = LowRank(child, rank)
            setattr(module, name, adapted)
            yield whole, adapted
        else:
            yield from _adapt(child, rank, whole)


def _contrast(directions: Tensor, wanted: Tensor) -> Tensor:
    """Pull together what has one label; a phrase that is alone in its batch says nothing."""
    itself = torch.eye(len(wanted), dtype=torch.bool)
    alike = (wanted[:, None] == wanted[None]) & ~itself
    cosines = (directions @ directions.T / TEMPERATURE).masked_fill(itself, -1e9)
    likely = cosines - torch.logsumexp(cosines, 1, keepdim=True)
    has = alike.any(1)
    if not has.any():
        return torch.zeros(())
    return -((likely * alike).sum(1)[has] / alike.sum(1)[has]).mean()


if __name__ == "__main__":
    main()
