"""DSPy's way to a real language model: usage, cost, cache, failures, cancellation."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import API_KEY, Service, asking, eventually, running
from fake_lm import FakeLM
from sse import parse

MODEL = "openai/gpt-4o-mini"
# US dollars a token of gpt-4o-mini: input, input from the provider's cache, output.
PRICES = (0.15e-6, 0.075e-6, 0.6e-6)


def cost(read: int, cached: int, written: int) -> float:
    return (read - cached) * PRICES[0] + cached * PRICES[1] + written * PRICES[2]


def test_usage_and_cost(real: Service, lm: FakeLM) -> None:
    question = "How much? [[tokens 1000 400 200 50]]"
    response = real.post("/predict", "cot", question)
    answer, headers = response.json(), response.headers
    assert answer["outputs"] == {"reasoning": "Two and two.", "answer": "four, says the fake"}
    usage = answer["usage"][MODEL]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (1000, 200)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 400
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 50
    assert answer["cost_usd"] == pytest.approx(cost(1000, 400, 200))
    assert headers["dspy-input-tokens"] == "1000"
    assert headers["dspy-output-tokens"] == "200"
    assert headers["dspy-cache-read-tokens"] == "400"
    assert headers["dspy-reasoning-tokens"] == "50"
    assert "dspy-cache-write-tokens" not in headers  # not reported
    assert "e" not in headers["dspy-cost-usd"]
    assert float(headers["dspy-cost-usd"]) == answer["cost_usd"]

    calls = lm.app.state.calls
    cached = real.post("/predict", "cot", question)
    assert lm.app.state.calls == calls
    assert cached.json() == answer | {
        "usage": None,
        "cost_usd": None,
        "cached": True,
        "finishes": {},
    }
    assert cached.headers["dspy-cache"] == "hit"
    assert not {"dspy-input-tokens", "dspy-cost-usd"} & cached.headers.keys()


def test_truncation(real: Service) -> None:
    response = real.post("/predict", "predict", "Too long? [[fault cut]]")
    assert response.json()["finishes"] == {"length": 1}
    assert response.headers["dspy-finishes"] == "length=1"


def test_react_adds_up(real: Service) -> None:
    response = real.post("/predict", "react", "Sum? [[tokens 100 0 10 0]]")
    answer = response.json()
    assert answer["outputs"]["trajectory"]["observation_0"] == "4"
    assert answer["usage"][MODEL]["prompt_tokens"] == 300
    assert answer["cost_usd"] == pytest.approx(3 * cost(100, 0, 10))
    assert response.headers["dspy-lm-calls"] == "3"
    assert response.headers["dspy-tool-calls"] == "1"


def test_stream(real: Service) -> None:
    text = real.post("/predict/stream", "cot", "Flow? [[tokens 70 0 30 0]]").text
    *tokens, final, _ = parse(text)
    assert len(tokens) == 7
    answer = json.loads(final.data)
    assert answer["usage"][MODEL]["total_tokens"] == 100
    assert answer["cost_usd"] == pytest.approx(cost(70, 0, 30))
    assert answer["cached"] is False


def test_unreported_usage_is_no_cache_hit(real: Service) -> None:
    response = real.post("/predict", "predict", "[[no usage]]")
    answer = response.json()
    assert (answer["usage"], answer["cost_usd"], answer["cached"]) == (None, None, False)
    assert response.headers["dspy-cache"] == "miss"
    assert "dspy-input-tokens" not in response.headers


@pytest.mark.parametrize("path", ["/predict", "/predict/stream"])
@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("429", 429, "rate_limit"),
        ("500", 502, "upstream_unavailable"),
        ("401", 500, "prediction_failed"),
        ("slow 4", 504, "timeout"),
        ("garbage", 500, "prediction_failed"),
    ],
)
def test_failures(real: Service, path: str, fault: str, status: int, kind: str) -> None:
    response = real.post(path, "predict", f"{path} [[fault {fault}]]")
    assert response.status_code == status
    assert response.json()["error"]["type"] == kind
    assert response.headers.get("retry-after") == ("7" if status == 429 else None)
    assert response.headers["dspy-cache"] == "miss"
    parse_failures = int(response.headers["dspy-parse-failures"])
    assert parse_failures > 0 if fault == "garbage" else parse_failures == 0
    assert API_KEY not in response.text
    assert API_KEY not in real.log.read_text()


def test_stream_that_breaks_ends_in_an_error(real: Service) -> None:
    *tokens, last = parse(real.post("/predict/stream", "cot", "[[fault break]]").text)
    assert tokens
    assert last.name == "error"
    assert json.loads(last.data)["error"]["type"] == "upstream_unavailable"


def test_client_that_leaves_cancels_the_model(real: Service, lm: FakeLM) -> None:
    request = {"prediction_type": "cot", "inputs": {"question": "[[fault drip 1]]"}}
    with real.client.stream("POST", "/predict/stream", json=request) as response:
        next(response.iter_text())
        eventually(lambda: lm.app.state.streams == 1, seconds=5)
    # The whole answer would take more than ten seconds.
    eventually(lambda: lm.app.state.streams == 0, seconds=5)
    assert real.post("/predict", "predict", "Still there?").status_code == 200
    assert "Traceback" not in real.log.read_text()


def test_concurrent_requests_do_not_mix(real: Service) -> None:
    def ask(n: int) -> None:
        kind = ("predict", "cot", "react")[n % 3]
        calls = 3 if kind == "react" else 1
        headers = real.post("/predict", kind, f"[[tokens {1000 + n} 0 {n} 0]]").headers
        assert headers["dspy-lm-calls"] == str(calls)
        assert headers["dspy-input-tokens"] == str(calls * (1000 + n))
        assert headers["dspy-output-tokens"] == str(calls * n)
        expected = calls * cost(1000 + n, 0, n)
        assert float(headers["dspy-cost-usd"]) == pytest.approx(expected)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(1, 61)))


def test_unreachable(tmp_path: Path) -> None:
    nowhere = FakeLM("http://127.0.0.1:1/v1", app=None)  # type: ignore[arg-type]
    with running(tmp_path / "log", **asking(nowhere)) as service:
        response = service.post("/predict", "predict", "Anyone?")
    assert response.status_code == 502
    assert response.json()["error"]["type"] == "upstream_unavailable"


def test_retries_are_one_call(lm: FakeLM, tmp_path: Path) -> None:
    before = lm.app.state.calls
    started = time.monotonic()
    with running(tmp_path / "log", **asking(lm, DSPY_LM_RETRIES="1")) as service:
        response = service.post("/predict", "predict", "[[fault 500]]")
    assert lm.app.state.calls == before + 2
    assert response.headers["dspy-lm-calls"] == "1"
    assert time.monotonic() - started > 1  # DSPy backs off


def test_litellm(lm: FakeLM, tmp_path: Path) -> None:
    """DSPy leaves its own engine for LiteLLM where the address stands in the environment."""
    env = asking(lm, OPENAI_API_BASE=lm.url, OPENAI_API_KEY=API_KEY)
    del env["DSPY_LM_BASE_URL"], env["DSPY_LM_API_KEY"]
    with running(tmp_path / "log", **env) as service:
        first = service.post("/predict", "predict", "[[tokens 100 40 20 5]]")
        again = service.post("/predict", "predict", "[[tokens 100 40 20 5]]")
        *tokens, final, _ = parse(service.post("/predict/stream", "predict", "Flow?").text)
        limited = service.post("/predict", "predict", "[[fault 429]]")
        late = service.post("/predict/stream", "predict", "[[fault slow 4]]")
    assert first.headers["dspy-input-tokens"] == "100"
    assert first.headers["dspy-cache-read-tokens"] == "40"
    assert first.headers["dspy-reasoning-tokens"] == "5"
    assert first.json()["cost_usd"] == pytest.approx(cost(100, 40, 20))
    assert again.headers["dspy-cache"] == "hit"
    assert again.json()["usage"] is None
    assert len(tokens) == 4
    assert json.loads(final.data)["usage"][MODEL]["completion_tokens"] == 20
    assert limited.status_code == 429
    assert late.status_code == 504
