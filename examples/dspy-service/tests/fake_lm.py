"""An OpenAI-compatible language model on loopback, for tests of what talks to one.

It answers in the form that DSPy's ChatAdapter asks for. Markers in the last message steer it:

    [[fault 429]] [[fault 401]] [[fault 500]] [[fault slow 0.3]] [[fault garbage]] [[fault break]]
    [[fault drip 1]]         a stream of one word a second
    [[fault cut]]            a whole answer that says it reached the limit of its length
    [[fault prose]]          no field at all, unless JSON is asked for, as by DSPy's second try
    [[tokens 100 40 20 5]]   input, of which cached; output, of which reasoning
    [[no usage]]

GET /log returns what each call was for, with the usage that was stated.

Run it by hand with `python tests/fake_lm.py 9000`.
"""

import asyncio
import json
import re
import socket
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

REPLY = "[[ ## reasoning ## ]]\nTwo and two.\n\n[[ ## answer ## ]]\nfour, says the fake\n\n"
CALCULATE = """[[ ## next_thought ## ]]
Work it out.

[[ ## next_tool_name ## ]]
calculator

[[ ## next_tool_args ## ]]
{"expression": "2 + 2"}

"""
FINISH = """[[ ## next_thought ## ]]
Done.

[[ ## next_tool_name ## ]]
finish

[[ ## next_tool_args ## ]]
{}

"""
END = "[[ ## completed ## ]]"
IN_JSON = '{"reasoning": "Two and two.", "answer": "four, says the fake"}'
ERRORS = {
    "429": ("rate_limit_exceeded", {"Retry-After": "7"}),
    "401": ("invalid_api_key", {}),
    "500": ("server_error", {}),
}


def content(prompt: str, fault: str | None, in_json: bool) -> str:
    if fault == "prose" and in_json:
        return IN_JSON
    if fault in ("garbage", "prose"):
        return "no field at all"
    step = FINISH if "[[ ## observation_0 ## ]]" in prompt else CALCULATE
    return (step if "next_tool_name" in prompt else REPLY) + END


def usage(prompt: str) -> dict[str, Any] | None:
    if "[[no usage]]" in prompt:
        return None
    given = re.search(r"\[\[tokens (\d+) (\d+) (\d+) (\d+)\]\]", prompt)
    read, cached, written, thought = map(int, given.groups()) if given else (100, 40, 20, 5)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


async def chat(request: Request) -> Response:
    body = await request.json()
    prompt = body["messages"][-1]["content"]
    found = re.search(r"\[\[fault (\w+) ?([\d.]*)\]\]", prompt)
    fault, seconds = found.groups() if found else (None, "")
    request.app.state.calls += 1
    if fault in ERRORS:
        code, headers = ERRORS[fault]
        said = f"{code} for {request.headers.get('authorization')}"  # as careless as some are
        error = {"message": said, "type": code, "code": code}
        return JSONResponse({"error": error}, int(fault), headers)
    if fault == "slow":
        await asyncio.sleep(float(seconds))
    spent, text = usage(prompt), content(prompt, fault, in_json="response_format" in body)
    reason = "length" if fault == "cut" else "stop"
    said = {"model": body["model"], "usage": spent, "finish_reason": reason}
    request.app.state.log.append(said)
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": 0, "model": body["model"]}
    if body.get("stream"):
        pause = float(seconds) if fault == "drip" else 0.0
        source = counted(request.app, chunks(head, text, spent, fault, pause))
        return StreamingResponse(source, media_type="text/event-stream")
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    whole = {**head, "object": "chat.completion", "choices": [choice], "usage": spent}
    return JSONResponse(whole)


async def counted(app: Starlette, source: AsyncIterator[str]) -> AsyncIterator[str]:
    app.state.streams += 1
    try:
        async for text in source:
            yield text
    finally:
        app.state.streams -= 1


async def chunks(
    head: dict[str, Any], text: str, spent: dict[str, Any] | None, fault: str | None, pause: float
) -> AsyncIterator[str]:
    words = re.findall(r"\s*\S+", text)
    for word in words[:-3] if fault == "break" else words:
        await asyncio.sleep(pause)
        yield chunk(head, {"content": word})
    if fault == "break":
        raise ConnectionError("break")
    yield chunk(head, {}, "stop")
    whole = {**head, "object": "chat.completion.chunk", "choices": [], "usage": spent}
    yield f"data: {json.dumps(whole)}\n\ndata: [DONE]\n\n"


def chunk(head: dict[str, Any], delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    whole = {**head, "object": "chat.completion.chunk", "choices": [choice]}
    return f"data: {json.dumps(whole)}\n\n"


async def log(request: Request) -> Response:
    return JSONResponse(request.app.state.log)


def application() -> Starlette:
    chatting = Route("/v1/chat/completions", chat, methods=["POST"])
    app = Starlette(routes=[chatting, Route("/log", log)])
    app.state.calls = 0
    app.state.log = []
    app.state.streams = 0
    return app


@dataclass
class FakeLM:
    url: str
    app: Starlette


@contextmanager
def running() -> Iterator[FakeLM]:
    """Serve it from a thread of this process."""
    app, sock = application(), listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    yield FakeLM(f"http://127.0.0.1:{sock.getsockname()[1]}/v1", app)
    server.should_exit = True
    thread.join(20)


def listen() -> socket.socket:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.set_inheritable(True)
    return sock


if __name__ == "__main__":
    uvicorn.run(application(), host="127.0.0.1", port=int(sys.argv[1]))
