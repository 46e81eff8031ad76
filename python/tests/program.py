"""A user's program, for the type checkers: it uses each name that the package exports."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from decimal import Decimal
from typing import Any

import dspy

import dspy_metrics
from dspy_metrics import HeadersMiddleware, Tally, UsageCallback

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


log = logging.getLogger(__name__)


async def answer(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    log.debug("answering %s by %s", scope["type"], receive)
    tally: Tally | None = dspy_metrics.current()
    models: list[str] = [] if tally is None else sorted(tally.models)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": ",".join(models).encode()})


def spent() -> tuple[int, Decimal | None, dict[str, str], bytes]:
    with dspy_metrics.measure() as tally:
        pass
    tokens: dict[str, dict[str, int]] = tally.models
    calls: int = sum(tally.calls.values()) + tally.tool_calls + sum(map(len, tokens.values()))
    return calls, tally.cost, tally.headers(), tally.event()


dspy.configure(callbacks=[UsageCallback()])
app = HeadersMiddleware(answer, usage_event=False)
