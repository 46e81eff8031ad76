"""The service in a process of its own, and a language model for it to ask."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

import fake_lm

HERE = Path(__file__).parent.parent
DEADLINE = 60.0
API_KEY = "sk-secret-of-the-tests"


def listen() -> socket.socket:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.set_inheritable(True)
    return sock


def eventually(condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so after {seconds} s"
        time.sleep(0.05)


@dataclass
class Service:
    url: str
    log: Path
    client: httpx.Client

    def post(self, path: str, kind: str, question: str, **headers: str) -> httpx.Response:
        body = {"prediction_type": kind, "inputs": {"question": question}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, json=body, headers=named)


@contextmanager
def running(log: Path, workers: int = 1, **env: str) -> Iterator[Service]:
    sock = listen()
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    command = [sys.executable, "-m", "uvicorn", "service:app", "--fd", str(sock.fileno())]
    command += ["--workers", str(workers)]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DSPY_", "OPENAI_"))}
    with log.open("w") as out, httpx.Client(base_url=url, timeout=DEADLINE) as client:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=HERE,
            env=clean | env,
            pass_fds=[sock.fileno()],
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        sock.close()
        try:
            client.get("/health").raise_for_status()  # waits in the backlog until it is up
            yield Service(url, log, client)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    log = tmp_path_factory.mktemp("offline") / "log"
    with running(log, DSPY_SERVICE_FAULTS="1") as service:
        yield service


@dataclass
class FakeLM:
    url: str
    app: Starlette


@pytest.fixture(scope="session")
def lm() -> Iterator[FakeLM]:
    app, sock = fake_lm.application(), listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    yield FakeLM(f"http://127.0.0.1:{sock.getsockname()[1]}/v1", app)
    server.should_exit = True
    thread.join(20)


def asking(lm: FakeLM, **more: str) -> dict[str, str]:
    """The environment of a service that asks the fake language model."""
    env = {"DSPY_LM": "openai/gpt-4o-mini", "DSPY_LM_BASE_URL": lm.url, "DSPY_LM_API_KEY": API_KEY}
    return env | {"DSPY_LM_RETRIES": "0", "DSPY_LM_TIMEOUT": "2"} | more


@pytest.fixture(scope="session")
def real(lm: FakeLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("real") / "log", **asking(lm)) as service:
        yield service
