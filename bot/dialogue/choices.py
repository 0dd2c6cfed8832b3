"""What a reply offers to choose from."""

from bot.model import Choice, Phrase
from bot.payloads import write_payload


def topic_choice(intent: str) -> Choice:
    """Offer an intent: choosing it sends the intent's name as a payload, as Rasa's buttons do."""
    return Choice(label=Phrase(key=f"topic.{intent}"), value=write_payload(intent))


def person_choice() -> Choice:
    """Offer a person."""
    return topic_choice("contact_human")


def title_choice(title: str) -> Choice:
    """Offer an article by its title: choosing it asks for it."""
    return Choice(label=Phrase(key="choice.plain", values={"text": title}), value=title)
