"""The package by itself, in the ways that services call DSPy."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from decimal import Decimal
from typing import Any

import dspy
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dspy_metrics import HeadersMiddleware, Tally, UsageCallback, current, measure
from dspy_metrics.headers import _Call
from engines import counting_lm

QA = dspy.Predict("question -> answer")
REQUESTS = 24

Handler = Callable[[Request], Awaitable[Response]]


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    dspy.configure_cache(enable_disk_cache=False)
    with dspy.context(callbacks=[UsageCallback()], async_max_workers=REQUESTS, track_usage=True):
        yield


async def awaited(questions: list[str]) -> None:
    for question in questions:
        await QA.acall(question=question)


async def gathered(questions: list[str]) -> None:
    await asyncio.gather(*(QA.acall(question=question) for question in questions))


def in_turn(questions: list[str]) -> None:
    for question in questions:
        QA(question=question)


async def in_thread(questions: list[str]) -> None:
    await asyncio.to_thread(in_turn, questions)


async def asyncified(questions: list[str]) -> None:
    await dspy.asyncify(in_turn)(questions)


def get(handler: Handler, *numbers: int) -> list[dict[str, str]]:
    """Send the requests at once, and return the headers that we add to their answers."""

    async def run() -> list[httpx.Response]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(REQUESTS))
        app = HeadersMiddleware(Starlette(routes=[Route("/{n:int}", handler)]))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(*(client.get(f"/{n}") for n in numbers))

    responses = asyncio.run(run())
    assert {response.status_code for response in responses} == {200}
    return [{k: v for k, v in r.headers.items() if k.startswith("dspy-")} for r in responses]


@pytest.mark.parametrize("way", [awaited, gathered, in_thread, asyncified])
def test_concurrent_requests_do_not_mix(way: Callable[[list[str]], Awaitable[None]]) -> None:
    async def handler(request: Request) -> Response:
        n = request.path_params["n"]
        await way([f"n={n}", f"n={n} again"])
        return PlainTextResponse("ok")

    with dspy.context(lm=counting_lm(together=REQUESTS)):
        answers = get(handler, *range(1, REQUESTS + 1))
    assert answers == [
        {
            "dspy-input-tokens": str(2 * n),
            "dspy-output-tokens": str(4 * n),
            "dspy-cache-write-tokens": str(2 * n),
            "dspy-cache": "miss",
            "dspy-lm-calls-by-model": "test/counting=2",
            "dspy-finishes": "stop=2",
            "dspy-lm-calls": "2",
            "dspy-lm-cache-hits": "0",
            "dspy-tool-calls": "0",
            "dspy-parse-failures": "0",
        }
        for n in range(1, REQUESTS + 1)
    ]


def test_the_threads_of_dspy_parallel() -> None:
    """Alone, because the progress bars of concurrent ones get into each other's way."""
    pairs = [(QA, {"question": f"n={n}"}) for n in range(8)]
    with dspy.context(lm=counting_lm(together=8)), measure() as tally:
        dspy.Parallel(num_threads=8, disable_progress_bar=True)(pairs)
    assert (tally.lm_calls, tally.lm_cache_hits) == (8, 0)
    assert tally.tokens["DSPy-Input-Tokens"] == sum(range(8))


def test_nothing_known_no_headers() -> None:
    async def handler(_: Request) -> Response:
        assert current() is not None
        return PlainTextResponse("ok")

    assert get(handler, 1) == [{}]
    assert current() is None


def test_cache_hits_spend_nothing() -> None:
    with dspy.context(lm=counting_lm(cache=True)):
        with measure() as first:
            QA(question="n=5")
        with measure() as second:
            QA(question="n=5")
        with measure() as mixed:
            QA(question="n=5")
            QA(question="n=6")
    assert (first.cached, first.tokens["DSPy-Input-Tokens"]) == (False, 5)
    assert (second.cached, second.tokens, second.cost) == (True, {}, None)
    assert second.headers()["DSPy-Cache"] == "hit"
    assert (mixed.cached, mixed.lm_calls, mixed.lm_cache_hits) == (False, 2, 1)
    assert mixed.tokens["DSPy-Input-Tokens"] == 6


def test_dspy_reports_usage_as_without_us() -> None:
    with dspy.context(lm=counting_lm(), callbacks=[]):
        without = QA(question="n=7").get_lm_usage()
    with dspy.context(lm=counting_lm()), measure():
        assert QA(question="n=7").get_lm_usage() == without
    with dspy.context(lm=counting_lm()), dspy.track_usage() as outer, measure() as tally:
        QA(question="n=7")
    assert outer.get_total_tokens() == without
    assert tally.tokens["DSPy-Input-Tokens"] == 7


def test_failed_call() -> None:
    with dspy.context(lm=counting_lm()), measure() as tally:
        with pytest.raises(dspy.LMServerError):
            QA(question="n=fail")
        QA(question="n=2")
    assert (tally.lm_calls, tally.lm_cache_hits, tally.cached) == (2, 0, False)
    assert tally.tokens["DSPy-Input-Tokens"] == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_failed_call_states_what_it_spent() -> None:
    """A provider is paid for an answer that DSPy cannot use, as one that is cut off."""

    class Refusing(dspy.LM):
        def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Any:
            inner(messages=messages)
            raise dspy.LMServerError("too late")

    inner = counting_lm()
    refusing, failing = Refusing("test/refusing", cache=False), pytest.raises(dspy.LMServerError)
    with dspy.context(lm=refusing), measure() as tally, failing:
        QA(question="n=4")
    assert (tally.lm_calls, tally.lm_cache_hits, tally.calls) == (1, 0, {"test/refusing": 1})
    assert (tally.tokens["DSPy-Input-Tokens"], tally.tokens["DSPy-Output-Tokens"]) == (4, 8)


def test_a_fallback_that_succeeds() -> None:
    """Two calls, of which the second is in JSON, and one failure."""
    with dspy.context(lm=counting_lm(), adapter=dspy.ChatAdapter()), measure() as tally:
        assert QA(question="n=json").answer == "yes"
    assert (tally.lm_calls, tally.parse_failures) == (2, 1)
    assert tally.calls == {"test/counting": 2}


def test_calls_by_model() -> None:
    with measure() as tally:
        with dspy.context(lm=counting_lm()):
            QA(question="n=1")
            with pytest.raises(dspy.LMServerError):
                QA(question="n=fail")
        with dspy.context(lm=counting_lm(model="test/an other, one=1")):
            QA(question="n=1")
    assert tally.calls == {"test/counting": 2, "test/an other, one=1": 1}
    stated = "test/counting=2,test/an%20other%2C%20one%3D1=1"
    assert tally.headers()["DSPy-LM-Calls-By-Model"] == stated


def test_measurements_inside_of_others() -> None:
    with dspy.context(lm=counting_lm()), measure() as outer:
        QA(question="n=1")
        with measure() as inner, pytest.raises(dspy.AdapterParseError):
            QA(question="n=odd")
        with measure() as second:
            QA(question="n=4")
            dspy.Tool(lambda: "42", name="answer")()
    assert (inner.lm_calls, inner.parse_failures) == (2, 2)
    assert (second.lm_calls, second.tool_calls, second.tokens["DSPy-Input-Tokens"]) == (1, 1, 4)
    assert (outer.lm_calls, outer.parse_failures, outer.tool_calls) == (4, 2, 1)
    assert outer.tokens["DSPy-Input-Tokens"] == 1 + 2 + 4
    assert outer.calls == {"test/counting": 4}


def test_nested_programs_count_once() -> None:
    class Inner(dspy.Module):
        def forward(self, question: str) -> dspy.Prediction:
            return QA(question=question)

    class Outer(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def forward(self, question: str) -> dspy.Prediction:
            self.inner(question=question)
            return self.inner(question=question)

    with dspy.context(lm=counting_lm()), measure() as tally:
        Outer()(question="n=3")
    assert (tally.lm_calls, tally.tokens["DSPy-Input-Tokens"]) == (2, 6)


def test_a_middleware_inside_of_another_states_nothing() -> None:
    async def handler(_: Request) -> Response:
        await awaited(["n=2"])
        return PlainTextResponse("ok")

    async def run() -> httpx.Response:
        app = HeadersMiddleware(Starlette(routes=[Route("/", handler)]))
        transport = httpx.ASGITransport(HeadersMiddleware(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/")

    with dspy.context(lm=counting_lm()):
        response = asyncio.run(run())
    assert response.headers.get_list("dspy-input-tokens") == ["2"]


@pytest.mark.parametrize("inherited", [False, True])
def test_parse_failures_in_parallel(inherited: bool) -> None:
    """No call ends before all have begun, so that the failures come at once."""

    class Adapter(dspy.ChatAdapter):
        pass

    kind = Adapter if inherited else dspy.ChatAdapter
    pairs = [(QA, {"question": "n=odd"}) for _ in range(8)]
    adapter = kind(use_json_adapter_fallback=False)
    parallel = dspy.Parallel(num_threads=8, max_errors=100, disable_progress_bar=True)
    with dspy.context(lm=counting_lm(together=8), adapter=adapter), measure() as tally:
        parallel(pairs)
    assert (tally.lm_calls, tally.parse_failures) == (8, 8)


def test_failures_that_interleave() -> None:
    """Two adapters that inherit parse(), of which each reports its failure twice, in turns."""
    callback, first, second = UsageCallback(), ValueError("first"), ValueError("second")
    turns = threading.Barrier(2)

    def fail(failure: ValueError) -> None:
        for call_id in ("outer", "inner"):
            callback.on_adapter_parse_start(call_id, None, {})
            turns.wait(30)
        for call_id in ("inner", "outer"):
            callback.on_adapter_parse_end(call_id, None, failure)
            turns.wait(30)

    with measure() as tally, ThreadPoolExecutor(2) as pool:
        for failure in (first, second):
            pool.submit(copy_context().run, fail, failure)
    assert tally.parse_failures == 2


def test_the_same_failure_again_is_another() -> None:
    callback, failure = UsageCallback(), ValueError("one object for all")
    with measure() as tally:
        for _ in range(2):
            callback.on_adapter_parse_start("1", None, {})
            callback.on_adapter_parse_end("1", None, failure)
        callback.on_adapter_parse_end("of a start that was before the callback", None, failure)
    assert tally.parse_failures == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_that_asks_others_in_parallel_is_one_call() -> None:
    class Outer(dspy.LM):
        def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Any:
            pairs = [(QA, {"question": "n=3"}) for _ in range(2)]
            with dspy.context(lm=inner):
                dspy.Parallel(num_threads=2, disable_progress_bar=True)(pairs)
            return inner.forward(prompt=prompt, messages=messages)

    inner = counting_lm()
    with dspy.context(lm=Outer("test/outer", cache=False)), measure() as tally:
        QA(question="n=1")
    assert (tally.lm_calls, tally.tokens["DSPy-Input-Tokens"]) == (1, 7)


@pytest.mark.parametrize("fallback", [False, True])
def test_parse_failures(fallback: bool) -> None:
    adapter = dspy.ChatAdapter(use_json_adapter_fallback=fallback)
    failing = pytest.raises(dspy.AdapterParseError)
    with dspy.context(lm=counting_lm(), adapter=adapter), measure() as tally, failing:
        QA(question="n=odd")
    assert tally.parse_failures == tally.lm_calls
    assert tally.lm_calls == 1 if not fallback else tally.lm_calls > 1


def test_inherited_parse_counts_once() -> None:
    class Adapter(dspy.ChatAdapter):
        """DSPy wraps the inherited parse() a second time."""

    adapter = Adapter(use_json_adapter_fallback=False)
    failing = pytest.raises(dspy.AdapterParseError)
    with dspy.context(lm=counting_lm(), adapter=adapter), measure() as tally, failing:
        QA(question="n=odd")
    assert tally.parse_failures == 1


def test_tools() -> None:
    def answer() -> str:
        return "42"

    tool = dspy.Tool(answer)
    with measure() as tally:
        tool()
        asyncio.run(tool.acall())
        dspy.ReAct("question -> answer", tools=[answer]).tools["finish"]()
    assert tally.tool_calls == 2
    assert tally.headers() == {
        "DSPy-LM-Calls": "0",
        "DSPy-LM-Cache-Hits": "0",
        "DSPy-Tool-Calls": "2",
        "DSPy-Parse-Failures": "0",
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # such models are on their way out
def test_a_model_that_asks_another_is_one_call() -> None:
    class Outer(dspy.LM):
        def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Any:
            inner(messages=messages)
            return inner.forward(prompt=prompt, messages=messages)

    inner = counting_lm()
    with dspy.context(lm=Outer("test/outer", cache=False)), measure() as tally:
        QA(question="n=9")
    assert tally.lm_calls == 1
    assert tally.tokens["DSPy-Input-Tokens"] == 18


def bill(tally: Tally, usage: dict[str, Any], cost: float | None) -> None:
    call = _Call("model", None)
    call.add_usage("model", usage)
    call.history.append({"cost": cost})
    tally._bill(call)


def test_cost_is_exact_or_absent() -> None:
    tally = Tally()
    for _ in range(10):
        bill(tally, {}, 1e-7)
    assert tally.cost == Decimal("0.000001")
    tally.lm_calls = 10
    assert tally.headers()["DSPy-Cost-USD"] == "0.0000010"
    bill(tally, {}, None)
    assert tally.cost is None
    assert "DSPy-Cost-USD" not in tally.headers()


@pytest.mark.parametrize(
    "usage",
    [
        {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 3, "cache_creation_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
        {
            "input_tokens": 9,
            "output_tokens": 4,
            "input_tokens_details": {"cached_tokens": 3},
            "cache_creation_input_tokens": 2,
            "output_tokens_details": {"reasoning_tokens": 1},
        },
    ],
)
def test_names_of_providers(usage: dict[str, Any]) -> None:
    tally = Tally()
    bill(tally, usage, None)
    assert list(tally.tokens.values()) == [9, 4, 3, 2, 1]


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": None, "prompt_tokens_details": None}])
def test_unreported_tokens_are_not_zero(usage: dict[str, Any]) -> None:
    tally = Tally()
    bill(tally, usage, None)
    assert tally.tokens == {}


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -1.0, "free", True])
def test_absurd_costs_are_none(cost: Any) -> None:
    tally = Tally()
    bill(tally, {"prompt_tokens": -3, "completion_tokens": 2}, cost)
    assert tally.cost is None
    assert tally.tokens == {"DSPy-Output-Tokens": 2}


def test_unreadable_usage_is_no_failure() -> None:
    class Broken(dict[str, Any]):
        def items(self) -> Any:
            raise RuntimeError("broken")

    call = _Call("model", None)
    call.add_usage("model", Broken(prompt_tokens=3))
    assert call.reports == []


def test_a_failing_tally_leaves_the_response_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Tally) -> dict[str, str]:
        raise RuntimeError("broken")

    async def handler(_: Request) -> Response:
        return PlainTextResponse("ok")

    monkeypatch.setattr(Tally, "headers", fail)
    assert get(handler, 1) == [{}]


def test_headers_that_can_be_read_once() -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        headers = iter([(b"content-type", b"text/plain"), (b"x-own", b"1")])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(HeadersMiddleware(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/")

    response = asyncio.run(run())
    assert (response.text, response.headers["x-own"]) == ("ok", "1")
