"""`shopbell rasa`: what Rasa needs to work with Shopbell."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli.console import fail, put_json
from bot.settings import read_settings
from intents.rasa_project import ADDRESS, project_files, read_data

RECORD = ".shopbell.json"
"""The file that says what was written at the last export: what differs is somebody's own."""


@click.group()
def rasa() -> None:
    """Use Rasa 3.6 together with Shopbell."""


@rasa.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--url", default=ADDRESS, show_default=True, help="Where Rasa reaches Shopbell.")
@click.option("--force", is_flag=True, help="Overwrite what isn't from an export, too.")
@click.option("--json", "as_json", is_flag=True, help="Write which files were written as JSON.")
def export(folder: Path, url: str, *, force: bool, as_json: bool) -> None:
    """Write a Rasa 3.6 project whose understanding and answers come from Shopbell.

    Call it again after phrases changed: files that you edited stay as they are, as long as
    Shopbell has nothing new for them.
    """
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"expected http://HOST:PORT, but got {url}", param_hint="--url")
    settings = read_settings()
    files = project_files(
        read_data(settings.home / "intents"),
        address=url.rstrip("/"),
        token=settings.rasa_auth_token is not None,
    )
    plan = _plan(folder, files)
    if plan.contested and not force:
        fail(
            f"{folder}: expected only files of an earlier export, but these would be lost: "
            f"{', '.join(plan.contested)}. Choose another folder, or overwrite them with --force."
        )
    plan.carry_out()
    if as_json:
        put_json({"project": str(folder), "written": sorted(plan.writes), "kept": plan.kept})
    else:
        click.echo(f"The project is in {folder}: rasa train && rasa run")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What an export does in a folder: `digests` are of all files as the export has them."""

    folder: Path
    writes: Mapping[str, str]
    removes: tuple[str, ...]
    contested: tuple[str, ...]
    kept: tuple[str, ...]
    digests: Mapping[str, str]

    def carry_out(self) -> None:
        for name, text in self.writes.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for name in self.removes:
            (self.folder / name).unlink()
        record = json.dumps(self.digests, indent=1)
        (self.folder / RECORD).write_text(record, encoding="utf-8")


def _plan(folder: Path, files: Mapping[str, str]) -> _Plan:
    """Compare what lies there, what the last export wrote, and what this one has."""
    before = _recorded(folder)
    now = {name: _digest(text.encode()) for name, text in files.items()}
    there = {
        name: _digest(path.read_bytes())
        for name in {*now, *before}
        if (path := folder / name).is_file()
    }
    edited = {name for name in there if there[name] not in {before.get(name), now.get(name)}}
    unchanged_by_us = {name for name in now if now[name] == before.get(name)}
    kept = edited & (unchanged_by_us | (before.keys() - now.keys()))
    return _Plan(
        folder=folder,
        writes={name: text for name, text in files.items() if name not in kept},
        removes=tuple(sorted(name for name in there if name not in now and name not in kept)),
        contested=tuple(sorted(edited - kept)),
        kept=tuple(sorted(kept)),
        digests=now,
    )


def _recorded(folder: Path) -> Mapping[str, str]:
    path = folder / RECORD
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(digest) for name, digest in record.items()}
    except (ValueError, AttributeError):
        fail(f"{path}: expected the record of an export; remove it to have all files checked")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
