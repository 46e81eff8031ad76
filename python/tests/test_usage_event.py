"""The event that the middleware adds to event streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import dspy
import httpx
import pytest
from dspy.streaming import streaming_response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dspy_metrics import HeadersMiddleware, UsageCallback
from engines import counting_lm
from fake_lm import FakeLM
from sse import parse

QA = dspy.Predict("question -> answer")
MARK = "data: [DONE]\n\n"


def stream(source: Callable[[], AsyncIterator[str]], **options: Any) -> httpx.Response:
    """Serve the stream behind the middleware, and read it."""
    headers = options.pop("headers", None)

    async def handler(_: Request) -> Response:
        return StreamingResponse(source(), media_type="text/event-stream", headers=headers)

    async def run() -> httpx.Response:
        app = HeadersMiddleware(Starlette(routes=[Route("/", handler)]), **options)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/")

    with dspy.context(callbacks=[UsageCallback()]):
        return asyncio.run(run())


def test_streaming_response_of_dspy(lm: FakeLM) -> None:
    model = dspy.LM("openai/gpt-4o-mini", api_base=lm.url, api_key="none", cache=False)

    async def events() -> AsyncIterator[str]:
        with dspy.context(lm=model):
            question = "Flow? [[tokens 70 20 30 10]]"
            async for text in streaming_response(dspy.streamify(QA)(question=question)):
                yield text

    *_, prediction, usage, done = parse(stream(events).text)
    assert "prediction" in json.loads(prediction.data)
    assert done.data == "[DONE]"
    assert usage.name == "usage"
    said = json.loads(usage.data)
    assert said["usage"] == {
        "openai/gpt-4o-mini": {
            "prompt_tokens": 70,
            "completion_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 20},
            "completion_tokens_details": {"reasoning_tokens": 10},
        }
    }
    assert said["cost_usd"] > 0
    assert said["cached"] is False


def asking(*parts: str, question: str = "n=3") -> Callable[[], AsyncIterator[str]]:
    async def events() -> AsyncIterator[str]:
        if question:
            with dspy.context(lm=counting_lm()):
                await QA.acall(question=question)
        for part in parts:
            yield part

    return events


ADDED = (
    'event: usage\ndata: {"usage": {"test/counting": {"prompt_tokens": 3, "completion_tokens": 6, '
    '"prompt_tokens_details": {"cache_creation_tokens": 3}}}, "cost_usd": null, '
    '"cached": false, "lm_calls": {"test/counting": 1}, "tool_calls": 0, "parse_failures": 0, '
    '"finishes": {"stop": 1}}\n\n'
)


@pytest.mark.parametrize(
    ("parts", "want"),
    [
        (["data: 1\n\n", MARK], "data: 1\n\n" + ADDED + MARK),
        (["data: 1\n\n" + MARK], "data: 1\n\n" + ADDED + MARK),
        (["data: 1\n", "\n", MARK], "data: 1\n\n" + ADDED + MARK),
        ([MARK], ADDED + MARK),
        (["data: 1\n\n"], "data: 1\n\n" + ADDED),
        ([MARK, MARK], ADDED + MARK + MARK),
        ([], ADDED),
        # However lines end.
        (
            ["data: 1\r\n\r\n", "data: [DONE]\r\n\r\n"],
            f"data: 1\r\n\r\n{ADDED}data: [DONE]\r\n\r\n",
        ),
        (["data: 1\r\n", "\r\n"], "data: 1\r\n\r\n" + ADDED),
        (["data: 1\n\ndata:[DONE]\n\n"], f"data: 1\n\n{ADDED}data:[DONE]\n\n"),
        # Between two events only.
        (["data: 1\n", MARK], "data: 1\n" + MARK + ADDED),
        (["data: cut off"], "data: cut off"),
    ],
)
def test_place(parts: list[str], want: str) -> None:
    assert stream(asking(*parts)).text == want


def test_no_event_where_nothing_was_asked() -> None:
    assert stream(asking("data: 1\n\n", MARK, question="")).text == "data: 1\n\n" + MARK


def test_turned_off() -> None:
    assert stream(asking("data: 1\n\n", MARK), usage_event=False).text == "data: 1\n\n" + MARK


@pytest.mark.parametrize("name", ["Content-Encoding", "Content-Length"])
def test_bodies_that_may_not_change(name: str) -> None:
    body = "data: 1\n\n"
    value = str(len(body)) if name == "Content-Length" else "x-none"
    assert stream(asking(body), headers={name: value}).text == body


def test_no_headers() -> None:
    response = stream(asking("data: 1\n\n"))
    assert not [name for name in response.headers if name.startswith("dspy-")]
