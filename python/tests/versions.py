"""What a version of DSPy lets the callback see, as a column of the table in the README.

    python -m venv /tmp/dspy && /tmp/dspy/bin/pip install dspy==3.0.4 starlette uvicorn
    PYTHONPATH=src:../examples/dspy-service/tests /tmp/dspy/bin/python tests/versions.py

It asks a language model on loopback, which says what DSPy really did.
"""

import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DSPY_CACHEDIR", tempfile.mkdtemp())  # before DSPy is imported
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

import dspy

import fake_lm
from dspy_metrics import Tally, UsageCallback, measure

QA = dspy.Predict("question -> answer")
TOKENS = {"DSPy-Input-Tokens": 100, "DSPy-Output-Tokens": 20}


def told(program: Callable[[], Any], lm: Any, **settings: Any) -> Tally:
    """What the callback says of a program, whether that fails or not."""
    with dspy.context(lm=lm, callbacks=[UsageCallback()], **settings), measure() as tally:
        try:
            program()
        except Exception as error:
            logging.info("as expected: %s", error)
    return tally


def rows(url: str, asked: Callable[[], int]) -> dict[str, bool]:
    """Each thing that could be told, and whether it was told right."""

    def model(name: str = "gpt-4o-mini", **more: Any) -> Any:
        given = {"api_base": url, "api_key": "none", "cache": False, "num_retries": 0} | more
        return dspy.LM(f"openai/{name}", **given)

    def spent(tally: Tally, times: int) -> bool:
        return all(tally.tokens.get(name) == n * times for name, n in TOKENS.items())

    found: dict[str, bool] = {}

    one = told(lambda: QA(question="One?"), model())
    found["calls, tokens"] = one.lm_calls == 1 and spent(one, 1)
    found["cost"] = one.cost is not None and one.cost > 0

    awaited = told(lambda: asyncio.run(QA.acall(question="Awaited?")), model())
    found["async"] = awaited.lm_calls == 1 and spent(awaited, 1)

    def both() -> None:
        QA(question="First?")
        with dspy.context(lm=model("gpt-4o")):
            QA(question="Second?")

    two = told(both, model())
    found["calls by model"] = two.calls == {"openai/gpt-4o-mini": 1, "openai/gpt-4o": 1}

    caching = model(cache=True)
    told(lambda: QA(question="Cached?"), caching)
    cached = told(lambda: QA(question="Cached?"), caching)
    found["cache hits"] = cached.cached and not cached.tokens

    def in_parallel() -> None:
        pairs = [(QA, {"question": f"Parallel {n}?"}) for n in range(4)]
        dspy.Parallel(num_threads=4, disable_progress_bar=True)(pairs)

    parallel = told(in_parallel, model())
    found["dspy.Parallel"] = parallel.lm_calls == 4 and spent(parallel, 4)

    agent = dspy.ReAct("question -> answer", tools=[answer_tool()], max_iters=3)
    before = asked()
    react = told(lambda: agent(question="What is 2 + 2?"), model())
    found["tool calls"] = react.tool_calls == 1 and react.lm_calls == asked() - before

    before = asked()
    garbage = told(lambda: QA(question="[[fault garbage]]"), model())
    calls = asked() - before
    found["a second generation after a parse failure"] = garbage.lm_calls == calls > 1
    found["parse failures"] = garbage.parse_failures == calls
    found["usage of answers that cannot be parsed"] = spent(garbage, calls)

    before = asked()
    refused = told(lambda: QA(question="[[fault 401]]"), model())
    found["failed calls"] = refused.lm_calls == asked() - before

    before = asked()
    retried = told(lambda: QA(question="[[fault 500]]"), model(num_retries=1))
    found["DSPy's own retries"] = retried.lm_calls == asked() - before > 1

    def inner() -> None:
        QA(question="Outer?")
        with measure():
            QA(question="Inner?")

    nested = told(inner, model())
    found["nested measure()"] = nested.lm_calls == 2 and spent(nested, 2)
    return found


def answer_tool() -> Any:
    def calculator(expression: str) -> str:
        """Work it out."""
        return "4" if expression == "2 + 2" else "no"

    return calculator


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    if hasattr(dspy, "configure_cache"):
        dspy.configure_cache(enable_disk_cache=False)
    with fake_lm.running() as served:
        json.dump(rows(served.url, lambda: served.app.state.calls), sys.stdout, indent=1)
    print(f"\nDSPy {dspy.__version__}")
