"""Language models for tests in this process."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, ServerError, TextPart, Usage


class Engine:
    """No call ends before `together` calls are under way."""

    def __init__(self, together: int) -> None:
        self._barrier = threading.Barrier(together)

    def complete(self, request: Request) -> Response:
        self._barrier.wait(30)
        return respond(request)


class AsyncEngine:
    """The same for calls that are awaited. Python 3.10 has no asyncio.Barrier."""

    def __init__(self, together: int) -> None:
        self._together = together
        self._waiting = 0
        self._arrived = asyncio.Event()

    async def complete(self, request: Request) -> Response:
        arrived = self._arrived
        self._waiting += 1
        if self._waiting == self._together:
            self._waiting, self._arrived = 0, asyncio.Event()
            arrived.set()
        await asyncio.wait_for(arrived.wait(), 30)
        return respond(request)

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        raise NotImplementedError
        yield


def respond(request: Request) -> Response:
    """Spend as many tokens as stand after n= in the question.

    n=fail fails, n=odd cannot be parsed, and n=json can where DSPy asks for JSON.
    """
    said = re.search(r"n=(\w+)", request.messages[-1].text or "")
    assert said is not None
    if said[1] == "fail":
        raise ServerError("fail")
    reply = "[[ ## answer ## ]]\nyes\n\n[[ ## completed ## ]]"
    if said[1] in ("odd", "json"):
        asked = "JSON object" in (request.messages[-1].text or "")
        reply = '{"answer": "yes"}' if said[1] == "json" and asked else "odd"
    n = int(said[1]) if said[1].isdigit() else 1
    return Response(
        id=None,
        model="counting",
        message=Message.assistant([TextPart(reply)]),
        finish_reason="stop",
        usage=Usage(input_tokens=n, output_tokens=2 * n, cache_write_tokens=n),
    )


def counting_lm(together: int = 1, *, cache: bool = False, model: str = "test/counting") -> dspy.LM:
    engines = {"engine": Engine(together), "async_engine": AsyncEngine(together)}
    return dspy.LM(model, num_retries=0, cache=cache, **engines)
