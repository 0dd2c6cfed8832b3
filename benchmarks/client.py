"""A small HTTP client of the contract, light enough not to be what is measured."""

import http.client
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MESSAGES = (
    "has my parcel gone out",
    "SB-20417",
    "mei.lin@example.com",
    "do i have to pay for sending things back?",
    "how many days to france",
    "快递费怎么算呀",
    "有没有别的颜色的亚麻衬衫",
    "thank you",
    "可以开公司抬头的票吗",
    "is there something for a friend who loves tea",
)
"""One shopper's talk: skills, articles, products and small talk, in both languages."""


@dataclass
class Talk:
    """One conversation over one kept connection."""

    url: str
    connection: http.client.HTTPConnection = field(init=False)
    id: str = field(init=False)
    token: str = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self.renew()

    def renew(self) -> None:
        """Begin a new conversation."""
        answer = self.post("/api/v1/conversations", {})
        self.id, self.token = answer["id"], answer["token"]

    def post(self, path: str, body: Any) -> Any:
        """Send JSON and return the answer's."""
        headers = {"Content-Type": "application/json"}
        if hasattr(self, "token"):
            headers["Authorization"] = f"Bearer {self.token}"
        self.connection.request("POST", path, json.dumps(body), headers)
        response = self.connection.getresponse()
        data = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {data[:300]!r}")
        return json.loads(data)

    def say(self, text: str, client_id: str) -> tuple[float, Any]:
        """Send one message; returns milliseconds and the answer."""
        began = time.perf_counter()
        path = f"/api/v1/conversations/{self.id}/messages"
        answer = self.post(path, {"client_id": client_id, "text": text})
        return (time.perf_counter() - began) * 1000, answer


def chat(url: str, turns: int) -> list[float]:
    """Talk for so many turns, a new conversation every ten; returns milliseconds a turn."""
    talk, times = Talk(url), []
    for number, text in zip(range(turns), itertools.cycle(MESSAGES), strict=False):
        if number and number % len(MESSAGES) == 0:
            talk.renew()
        times.append(talk.say(text, f"m{number}")[0])
    return times
