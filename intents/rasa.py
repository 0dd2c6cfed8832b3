"""Reads training phrases in the format of Rasa 3.1 (https://rasa.com/docs/rasa/nlu-training-data).

YAML is read as nodes rather than values: they know their line, and words such as `yes` and `no`
stay words.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from yaml.reader import ReaderError

from intents.model import Annotation, BadPhrasesError, Example
from intents.parsing import fast_loader

# The shape that Rasa's own reader accepts: [text](type), [text](type:value), [text]{"entity": ...}
# and [text][{"entity": ...}, ...].
_MARK = re.compile(
    r"\[(?P<text>[^\[\]]+)\]"
    r"(?:\((?P<type>[^:()]+)(?::(?P<value>[^()]+))?\)"
    r"|\{(?P<one>[^{}]+)\}"
    r"|\[(?P<many>\{[^\[\]]+\})\])"
)
_BROKEN_MARK = re.compile(r"\[(?P<text>[^\[\]]+)\]\s*(?:\{|\[\{)\s*[\"']")
"""What is left of [text]{...} when its braces don't match."""
_NLU_KEY = re.compile(rb"^[\"']?nlu[\"']?\s*:", re.MULTILINE)
_OTHER_SECTIONS = ("synonym", "regex", "lookup")
# Keys of a Rasa project's other files: a folder may hold them beside the phrases.
_OTHER_FILES = {
    "stories", "rules", "domain", "intents", "entities", "slots", "responses", "forms", "actions",
    "pipeline", "policies", "recipe", "language", "session_config", "e2e_actions", "config",
    "assistant_id", "importers",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """One `- intent:` of a file, and where its examples stand."""

    intent: str
    intensity: float | None
    also: tuple[str, ...]
    file: Path
    language: str | None


def holds_phrases(file: Path) -> bool:
    """Say whether a file has a section of phrases, without reading it as YAML."""
    try:
        return _NLU_KEY.search(file.read_bytes()) is not None
    except OSError:
        return False


def read_examples(file: Path, language: str | None) -> tuple[Example, ...]:
    """Read the phrases of one file; empty for Rasa's other files, BadPhrasesError else."""
    root = _compose(file)
    if not isinstance(root, yaml.MappingNode):
        raise BadPhrasesError(
            f"{file}:1: expected a mapping with the key 'nlu', got {_kind(root)}"
        )
    sections = _mapping(root, file)
    if "nlu" not in sections:
        if _OTHER_FILES & sections.keys() or sections.keys() == {"version"}:
            return ()
        raise BadPhrasesError(
            f"{file}:1: expected the key 'nlu', or that of another file of a Rasa project, "
            f"got {', '.join(sections)}"
        )
    groups = sections["nlu"]
    if not isinstance(groups, yaml.SequenceNode):
        raise BadPhrasesError(
            f"{_at(file, groups)}: expected a list of '- intent: name' under 'nlu', "
            f"got {_kind(groups)}"
        )
    return tuple(example for node in groups.value for example in _read_group(node, file, language))


def _compose(file: Path) -> yaml.Node:
    text = _read_text(file)
    try:
        root = _parse(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        hint = "; indent with blanks, not with tabs" if "'\\t'" in str(error.problem) else ""
        message = f"{file}:{line}: expected YAML, but {error.problem}{hint}"
        raise BadPhrasesError(message) from error
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        character = text[error.position]
        message = f"{file}:{line}: expected text, got the character {character!r}"
        raise BadPhrasesError(message) from error
    if root is None:
        raise BadPhrasesError(f"{file}:1: expected training phrases, but the file is empty")
    return root


def _parse(text: str) -> yaml.Node | None:
    """Parse at full speed; what that refuses, Python's own parser explains better."""
    with suppress(yaml.YAMLError):
        root: yaml.Node | None = yaml.compose(text, Loader=fast_loader())
        return root
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise BadPhrasesError(f"{file}:{line}: expected UTF-8, but {error.reason}") from error
    except OSError as error:
        raise BadPhrasesError(f"{file}: can't be read: {error.strerror}") from error


def _read_group(node: yaml.Node, file: Path, language: str | None) -> Iterator[Example]:
    if not isinstance(node, yaml.MappingNode):
        raise BadPhrasesError(f"{_at(file, node)}: expected '- intent: name', got {_kind(node)}")
    fields = _mapping(node, file)
    if "intent" not in fields:
        if not any(section in fields for section in _OTHER_SECTIONS):
            raise BadPhrasesError(
                f"{_at(file, node)}: expected 'intent', {', '.join(map(repr, _OTHER_SECTIONS))}, "
                f"got {', '.join(fields) or 'nothing'}"
            )
        return
    intent = _scalar(fields["intent"], file).strip()
    if not intent:
        raise BadPhrasesError(f"{_at(file, node)}: expected a name after 'intent:'")
    group = _Group(
        intent=intent,
        intensity=_intensity(fields, file),
        also=_also(fields, file),
        file=file,
        language=language,
    )
    found = list(_read_lines(fields["examples"], group)) if "examples" in fields else []
    if not found:
        raise BadPhrasesError(
            f"{_at(file, node)}: expected examples, but intent {intent!r} has no examples"
        )
    yield from found


def _read_lines(node: yaml.Node, group: _Group) -> Iterator[Example]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _read_item(item, group)
        return
    text = _scalar(node, group.file)
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    if style == ">":
        where = _at(group.file, node)
        raise BadPhrasesError(f"{where}: expected 'examples: |', got '>', which joins the lines")
    first = node.start_mark.line + (2 if style == "|" else 1)
    for offset, raw in enumerate(text.splitlines()):
        if line := raw.strip():
            if not line.startswith("-"):
                where = f"{group.file}:{first + offset}"
                raise BadPhrasesError(f"{where}: expected '- ' before the example {line!r}")
            if phrase := line[1:].strip():
                yield _example(phrase, group, line=first + offset)


def _read_item(node: yaml.Node, group: _Group) -> Iterator[Example]:
    """Read one item of a list of examples: plain text, or a mapping with text and metadata."""
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        fields = _mapping(node, group.file)
        if "text" not in fields:
            raise BadPhrasesError(
                f"{group.file}:{line}: expected an example, or a mapping with 'text', got one "
                f"with {', '.join(map(repr, fields))}; quote a phrase that holds a colon"
            )
        own, also = _intensity(fields, group.file), _also(fields, group.file)
        group = replace(
            group,
            intensity=group.intensity if own is None else own,
            also=also or group.also,
        )
        node = fields["text"]
    phrase = _scalar(node, group.file).strip().removeprefix("- ").strip()
    if phrase:
        yield _example(phrase, group, line=line)


def _example(marked: str, group: _Group, *, line: int) -> Example:
    text, annotations, end = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[end : match.start()]
        end, inner = match.end(), match["text"]
        type_, value = _type_and_value(match, f"{group.file}:{line}")
        annotations.append(
            Annotation(
                type=type_, value=value, text=inner, start=len(text), end=len(text) + len(inner)
            )
        )
        text += inner
    text += marked[end:]
    if broken := _BROKEN_MARK.search(text):
        raise BadPhrasesError(_mark_expected(f"{group.file}:{line}", broken["text"]))
    return Example(
        text=text,
        intent=group.intent,
        file=group.file,
        line=line,
        language=group.language,
        entities=tuple(annotations),
        intensity=group.intensity,
        also=group.also,
    )


def _type_and_value(match: re.Match[str], where: str) -> tuple[str, str]:
    if match["type"]:
        return match["type"].strip(), (match["value"] or match["text"]).strip()
    source = f"{{{match['one']}}}" if match["one"] else f"[{match['many']}]"
    try:
        read = json.loads(source)
        fields = read[0] if isinstance(read, list) else read
        return str(fields["entity"]), str(fields.get("value", match["text"]))
    except (ValueError, KeyError) as error:
        raise BadPhrasesError(_mark_expected(where, match["text"])) from error


def _mark_expected(where: str, text: str) -> str:
    return f'{where}: expected {{"entity": "type"}} in JSON after [{text}]'


def _intensity(fields: dict[str, yaml.Node], file: Path) -> float | None:
    metadata = fields.get("metadata")
    if not isinstance(metadata, yaml.MappingNode):
        return None
    node = _mapping(metadata, file).get("intensity")
    if node is None:
        return None
    try:
        intensity = float(_scalar(node, file))
    except ValueError:
        intensity = -1.0
    if not 0 <= intensity <= 1:
        raise BadPhrasesError(f"{_at(file, node)}: expected an intensity from 0 to 1")
    return intensity


def _also(fields: dict[str, yaml.Node], file: Path) -> tuple[str, ...]:
    metadata = fields.get("metadata")
    if not isinstance(metadata, yaml.MappingNode):
        return ()
    node = _mapping(metadata, file).get("also")
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise BadPhrasesError(f"{_at(file, node)}: expected a list of intents under 'also'")
    return tuple(_scalar(name, file).strip() for name in node.value)


def _mapping(node: yaml.MappingNode, file: Path) -> dict[str, yaml.Node]:
    """Return a mapping's values; a key that stands twice would hide what stands under the first.

    Rasa refuses that, too.
    """
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = _scalar(key, file)
        if name in fields:
            raise BadPhrasesError(f"{_at(file, key)}: expected {name!r} once, but it stands twice")
        fields[name] = value
    return fields


def _scalar(node: yaml.Node, file: Path) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BadPhrasesError(f"{_at(file, node)}: expected text, got {_kind(node)}")
    return str(node.value)


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


def _at(file: Path, node: yaml.Node) -> str:
    return f"{file}:{node.start_mark.line + 1}"
