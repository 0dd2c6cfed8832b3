"""Articles from Markdown files: front matter, checks, and the demo shop's own ones."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from knowledge_base.model import BadDocumentError, Document, Kind

Detect: TypeAlias = Callable[[str], str]
"""Say in which language a text is written."""

LONGEST = 200_000
"""Characters of one article; a longer one is a book, not an answer."""
_SUFFIXES = {".md", ".markdown", ".txt"}
_FENCE = "---"


def read_articles(
    paths: Sequence[Path],
    detect: Detect | None = None,
    *,
    languages: Collection[str] = ("en", "zh"),
) -> list[Document]:
    """Read files and folders of Markdown; raises BadDocumentError naming the file.

    A file's language is its front matter's, else its folder's name if that is one of
    `languages`, else what `detect` says; its id is its front matter's, else its name.
    """
    documents: dict[tuple[str, str], tuple[Document, Path]] = {}
    for path in _files(paths):
        document = _read(path, detect, languages)
        key = (document.id, document.language)
        if key in documents:
            raise BadDocumentError(
                f"{path}: expected one article {document.id!r} in {document.language!r}, but "
                f"{documents[key][1]} is one too: change the id or the language of one of them"
            )
        documents[key] = (document, path)
    return [document for document, _ in documents.values()]


def demo_articles() -> list[Document]:
    """Read the demo shop's articles, which ship with Shopbell."""
    with as_file(files("knowledge_base") / "articles") as folder:
        return read_articles([folder])


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise BadDocumentError(f"{path}: expected a file or folder, but there is none")
        found = sorted(_inside(path)) if path.is_dir() else [path]
        if not found:
            raise BadDocumentError(f"{path}: expected Markdown files (.md), but it has none")
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _inside(folder: Path) -> Iterator[Path]:
    """Find articles below a folder; hidden files are none."""
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.is_file() and file.suffix.lower() in _SUFFIXES and not hidden:
            yield file


def _read(path: Path, detect: Detect | None, languages: Collection[str]) -> Document:
    front, text = _parts(path, _decoded(path))
    if not text.strip():
        raise BadDocumentError(f"{path}: expected an article, but it has no text")
    if len(text) > LONGEST:
        raise BadDocumentError(
            f"{path}: expected at most {LONGEST} characters, but got {len(text)}: split it"
        )
    title, text = _title(path, front, text)
    return Document(
        id=_word(path, front, "id") or path.stem,
        kind=Kind.ARTICLE,
        language=_language(path, front, languages) or _detected(path, f"{title}\n{text}", detect),
        title=title,
        text=text.strip(),
        source=path.name,
        topics=_topics(path, front),
        url=_word(path, front, "url") or None,
    )


def _decoded(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDocumentError(f"{path}: expected UTF-8, but {error}") from error
    except OSError as error:
        raise BadDocumentError(f"{path}: can't be read: {error.strerror}") from error
    if "\0" in text:
        raise BadDocumentError(f"{path}: expected text, but it holds a NUL character")
    return text


def _parts(path: Path, text: str) -> tuple[Mapping[str, Any], str]:
    """Part front matter from text; a file that starts otherwise has none."""
    lines = text.lstrip().splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        return {}, text
    rows = [line.rstrip() for line in lines]
    if _FENCE not in rows[1:]:
        # A rule at the top of a text without front matter.
        return {}, text
    end = rows.index(_FENCE, 1)
    try:
        front = yaml.safe_load("\n".join(lines[1:end])) or {}
    except yaml.YAMLError as error:
        raise BadDocumentError(f"{path}: expected YAML as front matter, but {error}") from error
    if not isinstance(front, dict):
        raise BadDocumentError(
            f"{path}: expected front matter such as `title: ...`, but got {front!r}"
        )
    return front, "\n".join(lines[end + 1 :])


def _title(path: Path, front: Mapping[str, Any], text: str) -> tuple[str, str]:
    """Take the title from front matter, else from the first heading, else from the name."""
    if title := _word(path, front, "title"):
        return title, text
    first, _, rest = text.lstrip().partition("\n")
    if first.startswith("# ") and rest.strip():
        return first[2:].strip(" #"), rest
    return path.stem.replace("-", " ").replace("_", " ").strip(), text


def _language(path: Path, front: Mapping[str, Any], languages: Collection[str]) -> str:
    """Return the language that somebody wrote down, without its region: `zh` for `zh-CN`."""
    if language := _word(path, front, "language"):
        return language.casefold().replace("_", "-").partition("-")[0]
    folder = path.resolve().parent.name.casefold()
    return folder if folder in languages else ""


def _detected(path: Path, text: str, detect: Detect | None) -> str:
    if detect is None:
        raise BadDocumentError(
            f"{path}: expected `language: en` (or zh ...) in its front matter, or a folder "
            f"named so, but got neither"
        )
    return detect(text)


def _word(path: Path, front: Mapping[str, Any], key: str) -> str:
    """Return a front matter's value as text, "" when it isn't there."""
    match front.get(key):
        case None:
            return ""
        case bool() | list() | dict() as value:
            raise BadDocumentError(f"{path}: expected {key} to be text, but got {value!r}")
        case value:
            return str(value).strip()


def _topics(path: Path, front: Mapping[str, Any]) -> tuple[str, ...]:
    match front.get("topics"):
        case None:
            return ()
        case str() as one:
            return tuple(topic.strip() for topic in one.split(",") if topic.strip())
        case list() as topics if all(isinstance(topic, str) for topic in topics):
            return tuple(topics)
        case value:
            raise BadDocumentError(f"{path}: expected topics to be a list, but got {value!r}")
