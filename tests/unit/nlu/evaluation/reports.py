"""A report with something in every part of it, for what is made of reports."""

from bot.nlu.evaluation.assess import Tuning, assess
from bot.nlu.evaluation.observe import Observations, Seen
from bot.nlu.evaluation.report import Report, Subject, UnknownLabel
from tests.unit.nlu.evaluation.seen import seen

NAMES = {"en": "English", "zh": "中文"}
TUNING = Tuning(
    accepted_error=0.05, sure_from={"": 0.6}, in_scope_from={"": 0.2}, wanted_error=0.03
)


def full_report() -> Report:
    """Return a report of both languages; phrases hold markup, which is to be shown as it is."""
    observations = Observations(
        intents=tuple(one for language in NAMES for one in _intents(language)),
        emotions=tuple(one for language in NAMES for one in _emotions(language)),
    )
    overall, languages = assess(observations, TUNING)
    return Report(
        subject=Subject(
            model=None,
            encoder="tiny <1>",
            sources=("phrases/[bold]",),
            trained_on=2,
            unknown=(UnknownLabel(label="gift_wrapping", count=3, place="x.yml:7"),),
            without_emotions=0,
        ),
        overall=overall,
        languages=languages,
    )


def held_back_report() -> Report:
    """Return a report of phrases that were held back, in one language, without emotions."""
    overall, languages = assess(
        Observations(intents=(seen("a", "a"), seen("a", "b", 0.4)), emotions=()), TUNING
    )
    subject = Subject(
        model=None, encoder="tiny", sources=(), trained_on=0, unknown=(), without_emotions=4
    )
    return Report(subject=subject, overall=overall, languages=languages)


def _intents(language: str) -> list[Seen]:
    labels = ["missing_item_or_lost_parcel", "refund_status", "order_status", "complaint"]
    found = [
        seen(
            label,
            labels[(place + (number % 7 == 0)) % 4],
            0.99 - number * 0.02,
            language=language,
            text=f"[red]<b>{label}</b> {number}, please: 我的包裹到底在哪里",
            also=("order_status",) if number == 0 else (),
            sure=number < 20,
            in_scope=number < 28,
        )
        for place, label in enumerate(labels)
        for number in range(30)
    ]
    strange = [
        seen("out_of_scope", "complaint", 0.1 + i / 30, language=language, in_scope=i > 5)
        for i in range(12)
    ]
    return [*found, *strange]


def _emotions(language: str) -> list[Seen]:
    moods = ["angry", "anxious", "confused", "happy", "neutral", "sad"]
    return [
        seen(mood, "complaint", language=language, emotion=moods[(place + (number <= place)) % 6])
        for place, mood in enumerate(moods)
        for number in range(6)
    ]
