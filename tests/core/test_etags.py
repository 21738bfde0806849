"""ETags: unchanged answers are not sent again, stale writes are refused."""

from typing import Any

import httpx
import pytest

from app.core.etags import etag_of, matches

THING = "0199d3c8-5a10-7c3e-9f00-2b8f6f6a1c11"


async def test_an_unchanged_thing_is_a_304(web: httpx.AsyncClient) -> None:
    """With the tag, without a body, with CORS and the id."""
    first = await web.get(f"/things/{THING}")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await web.get(f"/things/{THING}", headers={"If-None-Match": header})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert again.headers["access-control-allow-origin"] == "https://front.example"
        assert again.headers["x-request-id"]
    changed = await web.get(f"/things/{THING}", headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200


async def test_a_stale_write_is_412(web: httpx.AsyncClient, problem: Any) -> None:
    """The current tag comes along; without If-Match, and with the right one, it passes."""
    body = {"name": "a"}
    stale = await web.put(f"/things/{THING}", json=body, headers={"If-Match": '"old"'})
    problem(stale, 412, "http.precondition_failed")
    current = {"If-Match": stale.headers["etag"]}
    assert (await web.put(f"/things/{THING}", json=body, headers=current)).status_code == 200
    assert (await web.put(f"/things/{THING}", json=body)).status_code == 200


@pytest.mark.parametrize("header", ["", '""', "x", '"b"', ',,,"'])
def test_other_tags_do_not_match(header: str) -> None:
    """Odd headers are no match and no failure."""
    assert not matches(header, etag_of("a", 1))


def test_parts_do_not_run_together() -> None:
    """(1, 11) and (11, 1) are different versions."""
    assert etag_of(1, 11) != etag_of(11, 1)
    assert etag_of("a") == etag_of("a")
