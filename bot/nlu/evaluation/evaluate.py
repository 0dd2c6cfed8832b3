"""From labelled phrases and a recogniser to a report: the whole of an evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.model import Language
from bot.nlu.evaluation.assess import Tuning, assess, unknown_labels
from bot.nlu.evaluation.data import Labelled
from bot.nlu.evaluation.observe import Observations, Seen, observe
from bot.nlu.evaluation.report import Report, Subject
from bot.nlu.recognizer import NluRecognizer
from bot.ports import Progress
from intents.model import OUT_OF_SCOPE, BadPhrasesError


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to evaluate on, and how to call it in the report."""

    labelled: Labelled
    model: str | None
    """Its folder; None is the shop's own."""
    sources: tuple[str, ...]
    """Files and folders of the phrases; none are the shop's own, held back."""
    language: Language | None = None
    """The language of phrases whose place tells none."""
    accepted_error: float | None = None
    """The shop's own."""
    wanted_error: float | None = None
    """One that the caller wants to see beside it."""


def evaluate(recognizer: NluRecognizer, task: Task, progress: Progress) -> Report:
    """Ask about every phrase and sum up; changes nothing and keeps no phrase outside the report.

    Raises:
        BadPhrasesError: the model knows no intent of the data; names file and line.
    """
    labelled = task.labelled
    if recognizer.emotions is None:
        labelled = replace(labelled, emotions=())
    _check(labelled, recognizer.intents.head.labels)
    seen = observe(recognizer, labelled, progress, task.language)
    overall, languages = assess(seen, _tuning(recognizer, task))
    return Report(
        subject=Subject(
            model=task.model,
            encoder=recognizer.encoder.name,
            sources=task.sources,
            trained_on=sum(one.trained_on for one in seen.intents),
            unknown=unknown_labels(_with_unknown(seen, recognizer)),
            without_emotions=len(task.labelled.emotions) - len(labelled.emotions),
        ),
        overall=overall,
        languages=languages,
    )


def _check(labelled: Labelled, known: Sequence[str]) -> None:
    asked = [example for example in labelled.intents if example.intent != OUT_OF_SCOPE]
    if asked and not any(example.intent in known for example in asked):
        first = asked[0]
        raise BadPhrasesError(
            f"{first.file}:{first.line}: expected an intent that the model knows, got "
            f"{first.intent!r}, and none of the other phrases has one either; choose the model "
            "of these phrases with --model"
        )


def _with_unknown(seen: Observations, recognizer: NluRecognizer) -> list[Seen]:
    """Return what was asked with a label that the model can't say."""
    intents = {*recognizer.intents.head.labels, OUT_OF_SCOPE}
    moods = recognizer.emotions.head.labels if recognizer.emotions else ()
    return [
        *(one for one in seen.intents if one.example.intent not in intents),
        *(one for one in seen.emotions if one.example.intent not in moods),
    ]


def _tuning(recognizer: NluRecognizer, task: Task) -> Tuning:
    return Tuning(
        accepted_error=task.accepted_error,
        wanted_error=task.wanted_error,
        sure_from=recognizer.sure_from,
        in_scope_from=recognizer.intents.scope.thresholds,
    )
