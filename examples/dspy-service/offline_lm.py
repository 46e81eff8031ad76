"""A language model for demonstrations and tests: no key, no network, canned answers.

The answers are those of DSPy's own DummyLM. It is used as an engine of dspy.LM, because only so
DSPy's cache and streams work as they do with a real model.
"""

import re
from collections.abc import AsyncIterator, Iterator
from typing import TypeAlias

import dspy
from dspy.clients.engines.dummy_engine import DummyEngine
from dspy.lm15 import (
    Request,
    Response,
    StreamDeltaEvent,
    StreamEndEvent,
    StreamStartEvent,
    TextDelta,
)
from dspy.utils.dummies import DummyLM

MODEL = "offline/canned"

StreamEvent: TypeAlias = StreamStartEvent | StreamDeltaEvent | StreamEndEvent

_SAID = {
    "reasoning": "This reasoning is canned: no language model was asked.",
    "answer": "This answer is canned: no language model was asked.",
}
_FINISH = {"next_thought": "Canned: done.", "next_tool_name": "finish", "next_tool_args": {}}
_CALCULATE = {
    "next_thought": "Canned: use the calculator once.",
    "next_tool_name": "calculator",
    "next_tool_args": {"expression": "6 * 7"},
}
# DummyLM takes the first answer whose key is in the prompt, and DSPy's adapter the fields that
# it asked for. An agent that has seen the result of a tool is to finish.
_ANSWERS = {"[[ ## observation_0 ## ]]": _FINISH | _SAID, "": _CALCULATE | _SAID}


class OfflineEngine:
    """Answers any question, always alike."""

    def __init__(self) -> None:
        self._dummy = DummyEngine(DummyLM(_ANSWERS))

    def complete(self, request: Request) -> Response:
        return self._dummy.complete(request)

    def stream(self, request: Request) -> Iterator[StreamEvent]:
        """The same answer word by word; DummyLM's own stream is a single chunk."""
        response = self.complete(request)
        yield StreamStartEvent(id=response.id, model=response.model)
        for word in re.findall(r"\S+\s*", response.message.text or ""):
            yield StreamDeltaEvent(delta=TextDelta(text=word))
        yield StreamEndEvent(finish_reason=response.finish_reason, usage=response.usage)

    def close(self) -> None:
        """Nothing is open."""


class AsyncOfflineEngine:
    """The engine for programs that are awaited."""

    def __init__(self) -> None:
        self._engine = OfflineEngine()

    async def complete(self, request: Request) -> Response:
        return self._engine.complete(request)

    async def stream(self, request: Request) -> AsyncIterator[StreamEvent]:
        for event in self._engine.stream(request):
            yield event

    async def aclose(self) -> None:
        """Nothing is open."""


def offline_lm() -> dspy.LM:
    return dspy.LM(MODEL, engine=OfflineEngine(), async_engine=AsyncOfflineEngine())
