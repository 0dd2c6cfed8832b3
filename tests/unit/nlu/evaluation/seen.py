"""Phrases and what a recogniser is said to have made of them."""

from pathlib import Path
from typing import Any

from bot.model import Emotion, Guess, Language, Understanding
from bot.nlu.evaluation.observe import Seen
from intents.model import Example


def seen(
    intent: str,
    said: str,
    confidence: float = 0.9,
    *,
    text: str = "a phrase",
    language: str = "en",
    also: tuple[str, ...] = (),
    in_scope: bool = True,
    sure: bool = True,
    emotion: str = "neutral",
    **more: Any,
) -> Seen:
    """Return one labelled phrase with its understanding."""
    return Seen(
        example=Example(
            text=text, intent=intent, file=Path("data/x.yml"), line=7, language=language, also=also
        ),
        language=Language(language),
        understanding=Understanding(
            text=text,
            language=Language(language),
            ranking=(Guess(intent=said, confidence=confidence),),
            in_scope=in_scope,
            emotion=Emotion(name=emotion, confidence=0.9, intensity=0.5),
            sure=sure,
        ),
        **{"evidence": confidence, "trained_on": False, "milliseconds": 5.0, **more},
    )
