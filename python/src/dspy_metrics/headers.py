"""Tell what a request spent in DSPy by headers of its response.

For services whose JSON must not change. Add two lines:

    dspy.configure(callbacks=[UsageCallback()])
    app = HeadersMiddleware(app)  # any ASGI application

It needs nothing but DSPy. The counts of a request are kept in DSPy's own context, so they go
where its settings go: async tasks, asyncio.to_thread, dspy.asyncify and dspy.Parallel alike, and
concurrent requests never mix.

A streamed response sends its headers before anything is known. An event stream gets an event of
its own instead, named `usage`, before its end: dspy.streaming.streaming_response() states no usage.
A service that states it in an event of its own, with what current() has, turns that off:

    app = HeadersMiddleware(app, usage_event=False)
"""

import json
import logging
import math
import re
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import dspy
from dspy.utils.callback import BaseCallback
from dspy.utils.usage_tracker import UsageTracker

log = logging.getLogger(__name__)

_SETTING = "dspy_metrics_tally"

# In the scope of a request that a middleware of ours measures already.
_MEASURED = "dspy_metrics.measured"

# How many models the headers name: a server takes only so much of a header.
_MAX_MODELS = 32

# How many words of providers are told apart, and what they look like.
_MAX_REASONS = 16
_REASON = re.compile(r"[A-Za-z_]{1,40}")

# Header name -> where providers report the number, the first that is there counts: chat
# completions, the Responses API, and LiteLLM's names for Anthropic.
_TOKENS: dict[str, tuple[tuple[str, ...], ...]] = {
    "DSPy-Input-Tokens": (("prompt_tokens",), ("input_tokens",)),
    "DSPy-Output-Tokens": (("completion_tokens",), ("output_tokens",)),
    "DSPy-Cache-Read-Tokens": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("cache_read_input_tokens",),
    ),
    "DSPy-Cache-Write-Tokens": (
        ("prompt_tokens_details", "cache_creation_tokens"),
        ("cache_creation_input_tokens",),
    ),
    "DSPy-Reasoning-Tokens": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
    ),
}


@dataclass
class Tally:
    """What one request has done so far. Its methods may be called from any thread.

    What is measured inside of another measurement belongs to both.
    """

    lm_calls: int = 0
    """Calls of a language model, retries not counted, failed ones counted."""
    lm_cache_hits: int = 0
    """Calls that DSPy's own cache answered: they spend no tokens."""
    tool_calls: int = 0
    """Calls of tools; that ReAct ends with its tool `finish` is not one."""
    parse_failures: int = 0
    """Answers of a language model that an adapter could not parse."""
    tokens: dict[str, int] = field(default_factory=dict)
    """Tokens by header name, of what was reported only."""
    models: dict[str, dict[str, int]] = field(default_factory=dict)
    """The same by language model."""
    calls: dict[str, int] = field(default_factory=dict)
    """The calls by language model, by the name that it was asked by."""
    finishes: dict[str, int] = field(default_factory=dict)
    """Why the language models stopped, by the words of their providers: stop, length and so on."""
    _parent: "Tally | None" = None
    _cost: Decimal = Decimal(0)
    _priced: int = 0
    _billed: int = 0
    _open: dict[str, "_Call"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cached(self) -> bool:
        """Whether the language model was asked, and the cache answered every time."""
        return 0 < self.lm_calls == self.lm_cache_hits

    @property
    def cost(self) -> Decimal | None:
        """US dollars, or None if nothing was spent or the price of any call is not known."""
        return self._cost if 0 < self._billed == self._priced else None

    def headers(self) -> dict[str, str]:
        """The headers of the response; none if neither a model nor a tool was called."""
        with self._lock:
            if not self.lm_calls and not self.tool_calls:
                return {}
            headers = {name: str(count) for name, count in self.tokens.items()}
            if self.cost is not None:
                headers["DSPy-Cost-USD"] = format(self.cost, "f")
            if self.lm_calls:
                headers["DSPy-Cache"] = "hit" if self.cached else "miss"
            if self.calls:
                headers["DSPy-LM-Calls-By-Model"] = _by_model(self.calls)
            if self.finishes:
                headers["DSPy-Finishes"] = ",".join(f"{k}={n}" for k, n in self.finishes.items())
            return headers | {
                "DSPy-LM-Calls": str(self.lm_calls),
                "DSPy-LM-Cache-Hits": str(self.lm_cache_hits),
                "DSPy-Tool-Calls": str(self.tool_calls),
                "DSPy-Parse-Failures": str(self.parse_failures),
            }

    def event(self) -> bytes:
        """The server-sent event of a stream; empty if no model was asked."""
        with self._lock:
            if not self.lm_calls:
                return b""
            said = {
                "usage": {model: _usage(tokens) for model, tokens in self.models.items()} or None,
                "cost_usd": None if self.cost is None else float(self.cost),
                "cached": self.cached,
                "lm_calls": self.calls,
                "tool_calls": self.tool_calls,
                "parse_failures": self.parse_failures,
                "finishes": self.finishes,
            }
            return b"event: usage\ndata: " + json.dumps(said).encode() + b"\n\n"

    def _start_lm(self, call_id: str, model: str) -> None:
        parent = dspy.settings.get("usage_tracker")
        if isinstance(parent, _Call):
            return  # a model that asks another one is one call
        call = _Call(model, parent)
        with self._lock:
            self._open[call_id] = call
        call.enter()

    def _end_lm(self, call_id: str, failed: bool) -> None:
        with self._lock:
            call = self._open.pop(call_id, None)
        if call is None:
            return
        call.leave()
        for tally in self._all():
            with tally._lock:
                tally.lm_calls += 1
                tally.calls[call.model] = tally.calls.get(call.model, 0) + 1
                if call.reports:
                    tally._bill(call)
                elif not failed:
                    tally.lm_cache_hits += 1

    def _all(self) -> Iterator["Tally"]:
        """The tally, and those that it was measured inside of."""
        tally: Tally | None = self
        while tally is not None:
            yield tally
            tally = tally._parent

    def _bill(self, call: "_Call") -> None:
        for lm, usage in call.reports:
            for name, places in _TOKENS.items():
                if (count := _count(usage, places)) is not None:
                    model = self.models.setdefault(lm, {})
                    model[name] = model.get(name, 0) + count
                    self.tokens[name] = self.tokens.get(name, 0) + count
        for reason in call.finishes():
            if reason in self.finishes or len(self.finishes) < _MAX_REASONS:
                self.finishes[reason] = self.finishes.get(reason, 0) + 1
        self._billed += 1
        if (cost := call.cost()) is not None:
            self._cost += cost
            self._priced += 1

    def _call_tool(self) -> None:
        for tally in self._all():
            with tally._lock:
                tally.tool_calls += 1

    def _fail_parse(self) -> None:
        for tally in self._all():
            with tally._lock:
                tally.parse_failures += 1


class _Call(UsageTracker):
    """One call of a language model, as DSPy accounts for it.

    DSPy reports usage to the tracker of its context once for each answer of a provider, even for
    one that it cannot use, and never for an answer of its cache. It appends the cost to the
    `history` of the modules that it counts as callers. This is both, while the call lasts.
    """

    def __init__(self, model: str, parent: UsageTracker | None) -> None:
        super().__init__()
        self.model = model
        self.reports: list[tuple[str, Mapping[str, Any]]] = []
        self.history: list[Mapping[str, Any]] = []
        self._parent = parent
        self._context: AbstractContextManager[None] | None = None

    def __deepcopy__(self, _: dict[int, Any]) -> "_Call":
        """DSPy copies the tracker for each thread of dspy.Parallel, but a call stays one."""
        return self

    def enter(self) -> None:
        callers = [*(dspy.settings.get("caller_modules") or []), self]
        self._context = dspy.context(usage_tracker=self, caller_modules=callers)
        self._context.__enter__()

    def leave(self) -> None:
        if self._context is not None:
            self._context.__exit__(None, None, None)

    def add_usage(self, lm: str, usage_entry: dict[str, Any]) -> None:
        try:
            self.reports.append((str(lm), self._flatten_usage_entry(usage_entry)))
        except Exception:  # it is called by DSPy in the midst of the user's program
            log.warning("the usage of %s cannot be read", lm, exc_info=True)
        if self._parent is not None:
            self._parent.add_usage(lm, usage_entry)

    def cost(self) -> Decimal | None:
        """The cost that DSPy knows, None without its history (dspy.configure(disable_history))."""
        cost = self.history[0].get("cost") if len(self.history) == 1 else None
        if isinstance(cost, bool) or not isinstance(cost, int | float | Decimal):
            return None
        return Decimal(str(cost)) if math.isfinite(cost) and cost >= 0 else None

    def finishes(self) -> Iterator[str]:
        """Why each answer of the model ended, as far as DSPy's history tells."""
        for entry in self.history:
            response = entry.get("response")
            choices = _get(response, "choices") or response
            for choice in choices if isinstance(choices, list | tuple) else [choices]:
                reason = _get(choice, "finish_reason")
                if isinstance(reason, str) and _REASON.fullmatch(reason):
                    yield reason


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _usage(tokens: dict[str, int]) -> dict[str, Any]:
    """The counts under the names of chat completions."""
    usage: dict[str, Any] = {}
    for name, count in tokens.items():
        *parents, key = _TOKENS[name][0]
        inner = usage
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[key] = count
    return usage


def _count(usage: Mapping[str, Any], places: tuple[tuple[str, ...], ...]) -> int | None:
    for path in places:
        value: Any = usage
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _by_model(calls: dict[str, int]) -> str:
    """NAME=CALLS, separated by commas. Names are quoted as in a URL, since any text may be one."""
    named = list(calls.items())[:_MAX_MODELS]
    return ",".join(f"{quote(model, safe='/:@')}={count}" for model, count in named)


# What the parses that are under way in this task or thread have seen fail inside of them, the
# innermost last. An adapter that inherits parse() reports a failure twice, one around the other.
_parsing: ContextVar[tuple[list[BaseException], ...]] = ContextVar("dspy_metrics_parsing")


class UsageCallback(BaseCallback):
    """Counts into the tally of the request that is being answered; outside of one, does nothing."""

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if tally := current():
            tally._start_lm(call_id, str(getattr(instance, "model", None) or "unknown"))

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        if tally := current():
            tally._end_lm(call_id, failed=exception is not None)

    def on_tool_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if instance.name != "finish" and (tally := current()):
            tally._call_tool()

    def on_adapter_parse_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        _parsing.set((*_parsing.get(()), []))

    def on_adapter_parse_end(
        self, call_id: str, outputs: Any, exception: BaseException | None = None
    ) -> None:
        *outer, inside = _parsing.get(()) or ([],)
        _parsing.set(tuple(outer))
        if exception is None:
            return
        if outer:
            outer[-1].append(exception)
        if not any(exception is seen for seen in inside) and (tally := current()):
            tally._fail_parse()


def current() -> Tally | None:
    """The tally of the request that is being answered, if there is one."""
    tally: Tally | None = dspy.settings.get(_SETTING)
    return tally


@contextmanager
def measure() -> Iterator[Tally]:
    """Count what is done inside: for services that are not ASGI, jobs and tests.

    Inside of another one, as of a request, it is a part of that and counts for both.
    """
    tally = Tally(_parent=current())
    with dspy.context(**{_SETTING: tally}):
        yield tally


Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class HeadersMiddleware:
    """Adds the headers to every response of an ASGI application, or the event to event streams."""

    def __init__(self, app: App, usage_event: bool = True) -> None:
        self.app = app
        self.usage_event = usage_event

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _MEASURED in scope:  # a request states its usage once
            await self.app(scope, receive, send)
            return
        scope[_MEASURED] = True
        with measure() as tally:
            response = _Response(tally, self.usage_event)

            async def send_with_usage(message: Message) -> None:
                try:
                    message = response.with_usage(message)
                except Exception:  # the answer matters more
                    log.warning("the usage of a request cannot be stated", exc_info=True)
                await send(message)

            await self.app(scope, receive, send_with_usage)


class _Response:
    """States the usage in the messages of one response."""

    def __init__(self, tally: Tally, usage_event: bool) -> None:
        self._tally = tally
        self._usage_event = usage_event
        self._stream: _EventStream | None = None

    def with_usage(self, message: Message) -> Message:
        if message["type"] == "http.response.start":
            # ASGI lets the headers be an iterator, which can be read once.
            message["headers"] = list(message.get("headers", ()))
            if not _is_event_stream(message):
                own = [(k.lower().encode(), v.encode()) for k, v in self._tally.headers().items()]
                return {**message, "headers": [*message["headers"], *own]}
            if self._usage_event and _is_plain(message):
                self._stream = _EventStream(self._tally)
        elif message["type"] == "http.response.body" and self._stream is not None:
            return self._stream.with_usage(message)
        return message


class _EventStream:
    """Puts the event before the end mark of a stream, or at its end if it has none."""

    # Lines end with LF, CRLF or CR. The mark begins an event: it may be a part of a longer one.
    _BETWEEN = (b"\n\n", b"\r\n\r\n", b"\r\r")
    _MARK = re.compile(rb"(?:\n\n|\r\n\r\n|\r\r)(?=data: ?\[DONE\])")

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._done = False
        self._last = b"\n\n"

    def with_usage(self, message: Message) -> Message:
        body: bytes = message.get("body", b"")
        before, text = len(self._last), self._last + body
        mark = self._MARK.search(text)
        at = -1 if mark is None else mark.end() - before
        if at < 0 and not message.get("more_body", False) and text.endswith(self._BETWEEN):
            at = len(body)
        self._last = text[-4:]
        if self._done or at < 0:
            return message
        self._done = True
        return {**message, "body": body[:at] + self._tally.event() + body[at:]}


def _is_event_stream(start: Message) -> bool:
    return _field(start, b"content-type").strip().lower().startswith(b"text/event-stream")


def _is_plain(start: Message) -> bool:
    """Whether the body may be added to: it is neither compressed nor of a stated length."""
    return not _field(start, b"content-encoding") and not _field(start, b"content-length")


def _field(start: Message, name: bytes) -> bytes:
    return next((value for key, value in start.get("headers", ()) if key.lower() == name), b"")
