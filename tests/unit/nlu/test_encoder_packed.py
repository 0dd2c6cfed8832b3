import json
import shutil
from pathlib import Path

import pytest

from bot.nlu.packed import DamagedEncoderError, is_packed, open_packed, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reference").mkdir()
    for name in ("model.onnx", "tokenizer.json", "reference/config.json"):
        (tmp_path / name).write_text(f"what {name} says")
    write_manifest(tmp_path, name="model", dimensions=8, prompts={"query": "q: "})
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    packed = open_packed(folder, thorough=True)

    assert is_packed(folder)
    assert (packed.dimensions, packed.prompts) == (8, {"query": "q: "})
    assert packed.name.startswith("model-")


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()

    with pytest.raises(DamagedEncoderError, match=r"tokenizer\.json: expected .* it is missing"):
        open_packed(folder)


def test_a_file_cut_short_is_named(folder: Path) -> None:
    (folder / "reference/config.json").write_text("what")

    with pytest.raises(DamagedEncoderError, match=r"config\.json: expected 31 bytes, but got 4"):
        open_packed(folder)


def test_a_changed_byte_is_found(folder: Path) -> None:
    (folder / "model.onnx").write_text("what model.onnx sayS")

    with pytest.raises(DamagedEncoderError, match=r"model\.onnx: expected SHA-256"):
        open_packed(folder)


def test_a_changed_byte_that_serving_never_reads_is_found_by_a_thorough_check(
    folder: Path,
) -> None:
    (folder / "reference/config.json").write_text("what reference/config.json sayS")

    open_packed(folder)
    with pytest.raises(DamagedEncoderError, match="expected SHA-256"):
        open_packed(folder, thorough=True)


def test_the_reference_may_be_removed_whole(folder: Path) -> None:
    shutil.rmtree(folder / "reference")

    assert open_packed(folder, thorough=True).dimensions == 8


@pytest.mark.parametrize(
    "manifest",
    ["", "{", "[]", "{}", '{"format": "other/9"}', '{"format": "shopbell-encoder/2"}', "\x00"],
)
def test_a_broken_manifest_is_refused(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_text(manifest)

    with pytest.raises(DamagedEncoderError, match=r"manifest\.json: expected a manifest"):
        open_packed(folder)


def test_the_name_changes_with_the_prompts(folder: Path) -> None:
    before = open_packed(folder).name
    content = json.loads((folder / "manifest.json").read_text())
    content["prompts"]["query"] = "Q: "
    (folder / "manifest.json").write_text(json.dumps(content))

    assert open_packed(folder).name != before
