"""Makes the screenshots: real traffic, measured by a real Prometheus, then drawn.

    python record.py --service bin/dspy-metrics --images ../images

It starts a language model on loopback that takes its time and reports usage, the DSPy program
of examples/dspy-service in front of it, dspy-metrics in front of that, and a Prometheus with
the configuration and the rules of this repository. `dspy-metrics load` sends traffic: a calm
time, an incident, a calm time again. All of it ends with this program, however that ends.

Nobody waits a month for the objectives of 30 days. What the rules would have recorded until
now is made up, and is read by nothing but the 30 days and the budgets.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx

from board import BoardError
from prometheus import Prometheus, QueryError, Times
from render import Picture, render

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "examples" / "dspy-service"
PATIENCE = 60  # seconds that anything may take to start

CALM = ["--failures=0.005", "--fault=500=1"]
INCIDENT = ["--failures=0.5"] + [
    f"--fault={fault}" for fault in ("429=5", "500=3", "slow=20=2", "hangup=1", "break-stream=1")
]
PHASES = (CALM, INCIDENT, CALM)
TRAFFIC = ["--rate=6", "--repeats=0.45", "--streams=0.25", "--types=predict=5,cot=3,react=1"]

BOARDS = ROOT / "grafana" / "dashboards"
PICTURES = {
    "overview.png": ("dspy-overview.json", ["Overview", "Traffic and errors"]),
    "answers.png": ("dspy-overview.json", ["Answers"]),
    "latency.png": ("dspy-overview.json", ["Latency"]),
    "cost-and-cache.png": ("dspy-overview.json", ["Tokens and cost", "Cache"]),
    "slo.png": ("dspy-slo.json", []),
    "genai.png": ("dspy-genai.json", []),
}


class FailedError(RuntimeError):
    """Something did not start, or did not do its work."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--service", type=Path, required=True, help="the program dspy-metrics")
    parser.add_argument("--images", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--minutes", type=float, nargs=3, default=[2, 3, 2], metavar=("CALM", "INCIDENT", "CALM")
    )
    args = parser.parse_args()
    # So that the end by a signal is one like any other.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        record(args)
    except (FailedError, BoardError, QueryError) as error:
        sys.exit(f"record: {error}")


def record(args: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dspy-metrics-")))
        service = start_service(stack, args.service.resolve(), folder)
        prometheus = start_prometheus(stack, service, folder)
        start = time.time()
        for seed, (minutes, failures) in enumerate(zip(args.minutes, PHASES, strict=True), 1):
            whole = f"{minutes:g} of {sum(args.minutes):g} min"
            say(f"traffic {seed} of {len(PHASES)}: {whole}, {failures[0]}")
            questions = folder / "questions.txt"
            questions.write_text("\n".join(make_questions(seed)))
            flags = [f"--seed={seed}", f"--questions={questions}", f"--duration={minutes}m"]
            load(args.service.resolve(), folder, [*TRAFFIC, *flags, *failures, f"http://{service}"])
        times = Times(start, time.time())
        args.images.mkdir(parents=True, exist_ok=True)
        for number, (name, (board, rows)) in enumerate(PICTURES.items(), 1):
            image = args.images / name
            render(Picture(BOARDS / board, image, rows), Prometheus(f"http://{prometheus}"), times)
            size = image.stat().st_size // 1024
            say(f"picture {number} of {len(PICTURES)}: {image}, {size} KiB")


def start_service(stack: ExitStack, service: Path, folder: Path) -> str:
    """Start dspy-metrics and what is behind it, and return its address."""
    lm, program, front = free_address(), free_address(), free_address()
    stack.enter_context(process("fake_lm", PROGRAM, [sys.executable, "tests/fake_lm.py", port(lm)]))
    uvicorn = [sys.executable, "-m", "uvicorn", "service:app", "--port", port(program)]
    settings = {
        "PYTHONPATH": str(ROOT / "python" / "src"),
        "DSPY_SERVICE_FAULTS": "1",
        "DSPY_LM": "openai/gpt-4o-mini",
        "DSPY_LM_BASE_URL": f"http://{lm}/v1",
        "DSPY_LM_API_KEY": "none",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    stack.enter_context(
        process("DSPy", PROGRAM, [*uvicorn, "--workers=2", "--log-level=critical"], settings)
    )
    until("the DSPy program", lambda: get(f"http://{program}/health"))
    serve = [
        *(str(service), "serve", f"--listen={front}", "--service=qa", "--log-level=error"),
        *(f"--upstream=http://{program}", "--route=/predict", "--route=/predict/stream"),
        # Little memory, so that the cache evicts.
        *("--timeout=15s", "--cache=memory", "--cache-max-bytes=262144"),
        *("--genai=both", "--max-concurrency=40"),
    ]
    stack.enter_context(process("dspy-metrics", folder, serve))
    until("dspy-metrics", lambda: get(f"http://{front}/metrics"))
    return front


def start_prometheus(stack: ExitStack, service: str, folder: Path) -> str:
    """Start a Prometheus with the shipped files, other targets, and return its address."""
    address = free_address()
    config = folder / "prometheus"
    shutil.copytree(ROOT / "prometheus", config)
    for name, targets in {
        "dspy-metrics": f'- targets: ["{service}"]\n',
        "prometheus": f'- targets: ["{address}"]\n',
        "alertmanager": "[]\n",
    }.items():
        (config / "targets" / f"{name}.yml").write_text(targets)
    make_history(config.parent)
    command = [
        *("prometheus", f"--config.file={config / 'prometheus.yml'}", "--log.level=error"),
        *(f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=35d"),
        f"--web.listen-address={address}",
        *("--enable-feature=exemplar-storage", "--web.enable-otlp-receiver"),
    ]
    stack.enter_context(process("prometheus", folder, command))
    # A counter must be seen at zero before the first prediction.
    query = f"http://{address}/api/v1/query?query=dspy_predictions_total"
    until("the first scrape", lambda: get(query).json()["data"]["result"])
    return address


def make_history(folder: Path) -> None:
    """Make a month of what the rules record of the service: a prediction every 20 seconds.

    4 of 1000 get no answer, and 10 of 1000 a slow one.
    """
    now = int(time.time())
    recorded = {
        "dspy_predictions_asked": 0.05,
        "dspy_predictions_lost": 0.0002,
        "dspy_prediction_duration_seconds": 0.05,
        "dspy_prediction_duration_seconds_slow": 0.0005,
    }
    lines: list[str] = []
    for metric, value in recorded.items():
        for window, days, step in (("rate5m", 3, 300), ("rate1h", 30, 3600)):
            name = f"cluster_namespace_job_service:{metric}:{window}"
            first = (now // step - days * 86400 // step) * step
            lines.append(f"# TYPE {name} gauge")
            lines += [
                f'{name}{{job="dspy-metrics",service="qa"}} {value} {at}'
                for at in range(first, now - 600, step)
            ]
    history = folder / "history.txt"
    history.write_text("\n".join([*lines, "# EOF", ""]))
    blocks = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=32d"]
    made = subprocess.run(  # noqa: S603 # the command is the one above
        [*blocks, str(history), str(folder / "data")], capture_output=True, check=False
    )
    if made.returncode:
        raise FailedError(f"promtool: {made.stderr.decode(errors='replace')}")


def load(service: Path, folder: Path, flags: list[str]) -> None:
    with process("load", folder, [str(service), "load", *flags]) as running:
        if code := running.wait():
            raise FailedError(f"load: exit code {code}")


def make_questions(seed: int) -> Iterator[str]:
    """Questions that tell the language model how long it takes and how much it reads and writes."""
    chance = random.Random(seed)  # noqa: S311 # nothing is secret about it
    for _ in range(200):
        seconds = min(chance.lognormvariate(-1.5, 0.6), 5)
        read, written = int(chance.lognormvariate(6.5, 0.6)), int(chance.lognormvariate(5, 0.6))
        tokens = f"{read} {read // 3} {written} {written // 4}"
        yield f"[[fault slow {seconds:.2f}]] [[tokens {tokens}]] What is asked here, {seed}?"


@contextmanager
def process(
    name: str, folder: Path, command: list[str], variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, in a process group of its own that ends with the context.

    What it says is shown if anything fails, and at once for the load.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OTEL_", "DSPY_METRICS_", "DSPY_LM"))
    }
    environment = kept | dict(variables or {})
    with tempfile.TemporaryFile() as log:
        output = None if name == "load" else log
        try:
            running = subprocess.Popen(  # noqa: S603 # the commands are those above
                command,
                cwd=folder,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise FailedError(f"{error}: make screenshots installs what it needs") from error
        try:
            yield running
        except FailedError:
            log.seek(0)
            say(f"{name} said:\n{log.read().decode(errors='replace')[-2000:]}")
            raise
        finally:
            end(running)


def end(running: subprocess.Popen[bytes]) -> None:
    """End a process with those that it started."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(running.pid, ending)
            running.wait(timeout=10)


def until(what: str, ready: Callable[[], object]) -> None:
    """Wait until ready returns something true without an HTTP error."""
    say(f"waiting for {what}")
    deadline = time.monotonic() + PATIENCE
    error: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except httpx.HTTPError as failed:
            error = failed
        time.sleep(0.2)
    raise FailedError(f"{what}: not ready within {PATIENCE} s: {error}")


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=5).raise_for_status()


def free_address() -> str:
    """Return a loopback address that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, number = server.getsockname()
        return f"{host}:{number}"


def port(address: str) -> str:
    return address.rpartition(":")[2]


def say(what: str) -> None:
    print(f"record: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
