"""Classes as dependencies, made in the loop's own thread."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Query

from app.core.dependencies import in_the_loop


@dataclass(frozen=True, slots=True)
class Asked:
    """Two parameters of a query, and where they were put together."""

    word: Annotated[str, Query(max_length=3)] = "x"
    kinds: Annotated[list[int] | None, Query()] = None
    thread: Annotated[int, Depends(lambda: 0)] = field(default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "thread", threading.get_ident())


def build(dependency: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def answer(asked: Annotated[Any, Depends(dependency)]) -> list[Any]:
        return [asked.word, asked.kinds, asked.thread == threading.get_ident()]

    return app


async def test_the_same_parameters_without_a_thread() -> None:
    answers = []
    for dependency in (Asked, in_the_loop(Asked)):
        transport = httpx.ASGITransport(app=build(dependency))
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
            answers.append((await client.get("/?word=ab&kinds=1&kinds=2")).json())
            assert (await client.get("/?word=long")).status_code == 422
    assert answers == [["ab", [1, 2], False], ["ab", [1, 2], True]]
    assert build(Asked).openapi() == build(in_the_loop(Asked)).openapi()


def test_no_class_is_left_to_a_thread() -> None:
    """Every `Depends()` of a class in the product goes through `in_the_loop`."""
    project = Path(__file__).resolve().parents[2]
    left = [path for path in (project / "app").rglob("*.py") if "Depends()]" in path.read_text()]
    assert left == []
