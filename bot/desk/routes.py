"""The desk as one router for the server: pages under /desk, JSON under /api/v1/desk."""

from fastapi import APIRouter

from bot.desk.api import Api
from bot.desk.app import App
from bot.desk.desk import open_desk
from bot.desk.pages import Pages


def router(app: App) -> APIRouter:
    """Return the desk's routes; makes the key of its cookies at the first start."""
    desk = open_desk(app)
    both = APIRouter()
    both.include_router(Api(desk=desk).router())
    both.include_router(Pages(desk=desk).router())
    return both
