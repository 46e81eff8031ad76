"""Failures on demand, for tests of what stands before this service.

A request says which by its header X-Fault: 429, 500, slow=SECONDS, hangup (the
connection ends without an answer), break-stream (it ends after the first event), panic.
"""

import asyncio
import math

import dspy
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from failures import InvalidInputError, failure

_HEADER = b"x-fault"


class InjectedFaultError(RuntimeError):
    """A failure that a test asked for."""


class FaultsMiddleware:
    """Must be the outermost application: it reaches for the connection of uvicorn."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = dict(scope.get("headers", ())).get(_HEADER, b"").decode("latin-1")
        name, _, value = fault.partition("=")
        match name:
            case "":
                await self.app(scope, receive, send)
            case "429":
                error = dspy.LMRateLimitError("injected", retry_after=1)
                await failure(error).response()(scope, receive, send)
            case "500":
                await failure(InjectedFaultError()).response()(scope, receive, send)
            case "slow":
                await asyncio.sleep(_seconds(value))
                await self.app(scope, receive, send)
            case "hangup":
                send.__self__.transport.abort()  # type: ignore[attr-defined]
            case "break-stream":
                await self.app(scope, receive, _breaking(send))
            case "panic":
                await _read(receive)
                raise InjectedFaultError("panic")
            case _:
                error = InvalidInputError(f"X-Fault {fault!r} is not one of those that there are")
                await failure(error).response()(scope, receive, send)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 1.0
    return min(seconds, 600.0) if math.isfinite(seconds) else 1.0


async def _read(receive: Receive) -> None:
    """Read the request: a connection that is closed over unread bytes is reset, answer and all."""
    while (await receive()).get("more_body"):
        pass


def _breaking(send: Send) -> Send:
    """Fail once the first piece of the body is out: the server then cuts the connection."""

    async def send_once(message: Message) -> None:
        await send(message)
        if message["type"] == "http.response.body" and message.get("body"):
            raise InjectedFaultError("break-stream")

    return send_once
