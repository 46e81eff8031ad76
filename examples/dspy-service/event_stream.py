"""Server-sent events."""

import json
import math
from collections.abc import AsyncIterator
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from failures import Failure, failure, report


def event(data: Any, name: str | None = None) -> str:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


class EventStream(Response):
    """Sends events as they come, and cancels their source when the client goes.

    It differs from Starlette's StreamingResponse in two ways. The response starts with the first
    event, so that what fails before is answered with a status of its own. And the source runs in
    a task that waits for nothing else: dspy.streamify may be cancelled while it is asked for an
    event, but not left between two.
    """

    media_type = "text/event-stream"

    def __init__(self, source: AsyncIterator[str]) -> None:
        self._source = source
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:

            async def cancel_when_gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            # No bound: what a model answers is small, and the source is not to wait.
            sender, events = anyio.create_memory_object_stream[str | Failure](math.inf)
            group.start_soon(cancel_when_gone)
            group.start_soon(self._collect, sender)
            await self._send_all(events, scope, receive, send)
            group.cancel_scope.cancel()

    async def _collect(self, sender: MemoryObjectSendStream[str | Failure]) -> None:
        with sender:
            try:
                async for text in self._source:
                    sender.send_nowait(text)
            except Exception as error:
                report(error)
                sender.send_nowait(failure(error))

    async def _send_all(
        self,
        events: MemoryObjectReceiveStream[str | Failure],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        started = False
        with events:
            async for item in events:
                if isinstance(item, Failure) and not started:
                    await item.response()(scope, receive, send)
                    return
                if not started:
                    start = {"status": self.status_code, "headers": self.raw_headers}
                    await send({"type": "http.response.start", **start})
                    started = True
                text = event(item.body(), name="error") if isinstance(item, Failure) else item
                body = {"body": text.encode(), "more_body": True}
                await send({"type": "http.response.body", **body})
        await send({"type": "http.response.body", "body": b""})
