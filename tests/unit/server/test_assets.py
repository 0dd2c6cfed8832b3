"""Static files and HEAD: what costs little to send, and what machines ask before they fetch."""

import gzip

import httpx
import pytest

PAGES = ["/", "/widget.js", "/demo/demo.css", "/demo/art/hero.svg", "/healthz", "/metrics"]


@pytest.mark.parametrize("path", ["/", "/widget.js", "/demo/demo.css", "/demo/products.json"])
async def test_files_are_packed_for_whoever_takes_that(
    client: httpx.AsyncClient, path: str
) -> None:
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    packed = await client.get(path, headers={"Accept-Encoding": "br;q=1.0, gzip;q=0.8"})

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.headers["etag"] != plain.headers["etag"]
    assert all("Accept-Encoding" in answer.headers["vary"] for answer in (plain, packed))


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("*", True),
        ("deflate, gzip;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzipped", False),
        ("br", False),
        ("", False),
    ],
)
async def test_gzip_is_sent_only_where_it_is_accepted(
    client: httpx.AsyncClient, accepted: str, *, packed: bool
) -> None:
    answer = await client.get("/widget.js", headers={"Accept-Encoding": accepted})

    assert ("content-encoding" in answer.headers) is packed


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_what_a_browser_has_is_not_sent_again(
    client: httpx.AsyncClient, coding: str
) -> None:
    first = await client.get("/widget.js", headers={"Accept-Encoding": coding})
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        headers = {"Accept-Encoding": coding, "If-None-Match": known}
        again = await client.get("/widget.js", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag

    other = await client.get("/widget.js", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_head_says_what_get_would_say_without_its_body(
    client: httpx.AsyncClient, path: str
) -> None:
    got = await client.get(path)
    head = await client.head(path)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        if path != "/metrics":  # counts its own requests
            assert head.headers.get(name) == got.headers.get(name)


async def test_head_of_what_can_only_be_posted_is_refused(client: httpx.AsyncClient) -> None:
    head = await client.head("/api/v1/conversations")

    assert (head.status_code, head.content) == (405, b"")


async def test_the_widget_packed_is_the_widget(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/widget.js", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])

    assert b"shopbell-chat" in gzip.decompress(raw)
