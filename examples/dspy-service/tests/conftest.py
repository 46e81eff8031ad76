"""The service in a process of its own, and a language model for it to ask."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import fake_lm
from fake_lm import FakeLM, listen

HERE = Path(__file__).parent.parent
PACKAGE = HERE.parents[1] / "python" / "src"  # pip install ../../python
DEADLINE = 60.0
API_KEY = "sk-secret-of-the-tests"


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
            env=clean | {"PYTHONPATH": str(PACKAGE)} | env,
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


@pytest.fixture(scope="session")
def lm() -> Iterator[FakeLM]:
    with fake_lm.running() as lm:
        yield lm


def asking(lm: FakeLM, **more: str) -> dict[str, str]:
    """The environment of a service that asks the fake language model."""
    env = {"DSPY_LM": "openai/gpt-4o-mini", "DSPY_LM_BASE_URL": lm.url, "DSPY_LM_API_KEY": API_KEY}
    return env | {"DSPY_LM_RETRIES": "0", "DSPY_LM_TIMEOUT": "2"} | more


@pytest.fixture(scope="session")
def real(lm: FakeLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("real") / "log", **asking(lm)) as service:
        yield service
