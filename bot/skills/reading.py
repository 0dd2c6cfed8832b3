"""What skills that only look things up have in common: nothing to confirm."""

from datetime import datetime

from bot.model import Preview
from bot.ports import Done, Failed, ShopAccess


class ReadingSkill:
    """A skill that never proposes a change."""

    __slots__ = ()

    async def apply(
        self,
        preview: Preview,
        shop: ShopAccess,  # noqa: ARG002 - the port's parameters
        now: datetime,  # noqa: ARG002
    ) -> Done | Failed:
        """Fail: there is no preview of this skill's that could be confirmed."""
        return Failed(why=f"Expected a skill that changes something, but got {preview.skill}")
