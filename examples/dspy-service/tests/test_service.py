"""The service with its offline language model."""

import json

import httpx
import pytest

from conftest import Service
from sse import Event, parse

CANNED = "This answer is canned: no language model was asked."


def usage_headers(response: httpx.Response) -> dict[str, str]:
    return {k: v for k, v in response.headers.items() if k.startswith("dspy-")}


def test_health(offline: Service) -> None:
    assert offline.client.get("/health").json() == {"status": "ok", "lm": "offline/canned"}


@pytest.mark.parametrize(
    ("kind", "fields", "lm_calls", "tool_calls"),
    [
        ("predict", {"answer"}, "1", "0"),
        ("cot", {"answer", "reasoning"}, "1", "0"),
        ("react", {"answer", "reasoning", "trajectory"}, "3", "1"),
    ],
)
def test_predict_then_cached(
    offline: Service, kind: str, fields: set[str], lm_calls: str, tool_calls: str
) -> None:
    first = offline.post("/predict", kind, f"What is {kind}?")
    answer = first.json()
    assert first.status_code == 200
    of_calls = {"lm_calls", "tool_calls", "parse_failures", "finishes"}
    stated = {"usage", "cost_usd", "cached", "scores"} | of_calls
    assert answer.keys() == {"prediction_type", "outputs"} | stated
    assert answer["prediction_type"] == kind
    assert answer["outputs"].keys() == fields
    assert answer["outputs"]["answer"] == CANNED
    assert answer["usage"]["offline/canned"]["total_tokens"] == 0
    assert answer["cost_usd"] is None
    assert answer["cached"] is False
    assert answer["lm_calls"] == {"offline/canned": int(lm_calls)}
    assert (answer["tool_calls"], answer["parse_failures"]) == (int(tool_calls), 0)
    assert answer["scores"] == {"brief": 1.0}
    counts = {
        "dspy-lm-calls": lm_calls,
        "dspy-lm-calls-by-model": f"offline/canned={lm_calls}",
        "dspy-tool-calls": tool_calls,
        "dspy-parse-failures": "0",
    }
    tokens = {"dspy-input-tokens": "0", "dspy-output-tokens": "0"}
    assert usage_headers(first) == {
        **counts,
        **tokens,
        "dspy-finishes": f"stop={lm_calls}",
        "dspy-lm-cache-hits": "0",
        "dspy-cache": "miss",
    }

    second = offline.post("/predict", kind, f"What is {kind}?")
    assert second.json() == answer | {"usage": None, "cached": True, "finishes": {}}
    assert usage_headers(second) == {
        **counts,
        "dspy-lm-cache-hits": lm_calls,
        "dspy-cache": "hit",
    }


def test_react_calls_the_tool(offline: Service) -> None:
    steps = offline.post("/predict", "react", "Sum?").json()["outputs"]["trajectory"]
    assert steps["tool_name_0"] == "calculator"
    assert steps["observation_0"] == "42"
    assert steps["tool_name_1"] == "finish"


@pytest.mark.parametrize("kind", ["predict", "cot", "react"])
def test_stream_then_cached(offline: Service, kind: str) -> None:
    response = offline.post("/predict/stream", kind, f"Stream {kind}?")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert usage_headers(response) == {}
    *tokens, final, done = parse(response.text)
    assert done == Event("", "[DONE]")
    assert final.name == "prediction"
    answer = json.loads(final.data)
    assert answer["cached"] is False
    streamed: dict[str, str] = {}
    for token in tokens:
        piece = json.loads(token.data)
        streamed[piece["field"]] = streamed.get(piece["field"], "") + piece["chunk"]
    assert len(tokens) >= 9
    assert streamed == {k: v for k, v in answer["outputs"].items() if k != "trajectory"}

    # The same question again, streamed or not, is answered by the cache.
    again = parse(offline.post("/predict/stream", kind, f"Stream {kind}?").text)
    assert [event.name for event in again] == ["prediction", ""]
    assert json.loads(again[0].data) == answer | {"usage": None, "cached": True, "finishes": {}}
    assert offline.post("/predict", kind, f"Stream {kind}?").json()["cached"] is True


@pytest.mark.parametrize("path", ["/predict", "/predict/stream"])
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body: Invalid JSON"),
        (b"[]", "the body: "),
        (b'{"inputs":{}}', "inputs.question: "),
        (b'{"inputs":{"question":" "}}', "inputs.question: is empty"),
        (b'{"inputs":{"question":3}}', "inputs.question: "),
        (b'{"prediction_type":"few_shot","inputs":{"question":"x"}}', "prediction_type: "),
    ],
)
def test_bad_requests(offline: Service, path: str, body: bytes, detail: str) -> None:
    response = offline.client.post(path, content=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_input"
    assert error["detail"].startswith(detail)
    assert usage_headers(response) == {}


def test_too_large_and_unknown(offline: Service) -> None:
    assert offline.client.post("/predict", content=b"x" * (1 << 20)).status_code == 400
    large = offline.client.post("/predict", content=b"x" * ((1 << 20) + 1))
    assert large.status_code == 413
    assert large.json()["error"]["type"] == "invalid_input"
    assert offline.client.get("/nope").json()["error"]["type"] == "invalid_input"
    assert offline.client.get("/predict").headers["allow"] == "POST"


def test_faults(offline: Service) -> None:
    limited = offline.post("/predict", "predict", "x", X_Fault="429")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
    assert limited.json()["error"]["type"] == "rate_limit"
    assert offline.post("/predict", "predict", "x", X_Fault="500").status_code == 500
    # The server closes after it: the request must be read by then, however long it is.
    broken = offline.client.post("/predict", content=b"x" * (1 << 22), headers={"X-Fault": "panic"})
    assert broken.status_code == 500
    assert offline.post("/predict", "predict", "x", X_Fault="typo").status_code == 400
    slow = offline.post("/predict", "predict", "x", X_Fault="slow=0.3")
    assert slow.status_code == 200
    assert slow.elapsed.total_seconds() >= 0.3
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        offline.post("/predict", "predict", "x", X_Fault="hangup")


def test_broken_stream_is_cut(offline: Service) -> None:
    request = {"inputs": {"question": "Break?"}}
    headers = {"X-Fault": "break-stream"}
    stream = offline.client.stream("POST", "/predict/stream", json=request, headers=headers)
    with stream as response:
        texts = response.iter_text()
        received = next(texts)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked"):
            received += "".join(texts)
    assert json.loads(parse(received)[0].data)["field"] == "answer"
    assert "[DONE]" not in received
