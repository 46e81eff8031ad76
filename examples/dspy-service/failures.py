"""What a failure is to the client: a status, a type and a sentence.

The sentences are ours. Those of providers quote prompts, and sometimes keys.
"""

import logging
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback
from dspy.utils.exceptions import ContextWindowExceededError, LMLockTimeoutError
from starlette.responses import JSONResponse

log = logging.getLogger("uvicorn.error")


class InvalidInputError(ValueError):
    """The request cannot be answered; the message says why and goes to the client."""


@dataclass(frozen=True)
class Failure:
    """A failed request: `type` is an error_type of dspy-metrics."""

    status: HTTPStatus
    type: str
    detail: str
    retry_after: int | None = None

    def body(self) -> dict[str, dict[str, str]]:
        return {"error": {"type": self.type, "detail": self.detail}}

    def response(self) -> JSONResponse:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return JSONResponse(self.body(), self.status, headers)


_TIMEOUT = Failure(HTTPStatus.GATEWAY_TIMEOUT, "timeout", "the model took too long")
_TIMED_OUT = "timed_out"

# The first that fits; subclasses stand before their parents.
_FAILURES: tuple[tuple[type[Exception], Failure], ...] = (
    (
        ContextWindowExceededError,
        Failure(HTTPStatus.BAD_REQUEST, "invalid_input", "the input is too long for the model"),
    ),
    (
        dspy.LMRateLimitError,
        Failure(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit", "the model's rate limit is reached"),
    ),
    (
        dspy.LMTimeoutError,
        _TIMEOUT,
    ),
    (
        dspy.LMServerError,
        Failure(HTTPStatus.BAD_GATEWAY, "upstream_unavailable", "the model failed"),
    ),
    (
        dspy.LMTransportError,
        Failure(HTTPStatus.BAD_GATEWAY, "upstream_unavailable", "the model cannot be reached"),
    ),
    (
        LMLockTimeoutError,
        Failure(HTTPStatus.SERVICE_UNAVAILABLE, "upstream_unavailable", "a credential is locked"),
    ),
    (
        dspy.AdapterParseError,
        Failure(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "prediction_failed",
            "the model's answer has not the form that the program asked for",
        ),
    ),
    (
        dspy.LMError,
        Failure(
            HTTPStatus.INTERNAL_SERVER_ERROR, "prediction_failed", "the model refused the call"
        ),
    ),
)
_OTHER = Failure(
    HTTPStatus.INTERNAL_SERVER_ERROR, "prediction_failed", "the prediction failed; see the log"
)


class TimeoutCallback(BaseCallback):
    """Marks transport errors that are timeouts.

    DSPy's native engine raises LMTransportError for both, and only the causes tell which. They
    are looked at here because dspy.streamify raises the error again without them.
    """

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        if isinstance(exception, dspy.LMTransportError) and _caused_by_timeout(exception):
            setattr(exception, _TIMED_OUT, True)


def _caused_by_timeout(error: BaseException) -> bool:
    cause = error.__cause__
    while cause is not None and not isinstance(cause, TimeoutError):
        cause = cause.__cause__
    return cause is not None


def failure(error: Exception) -> Failure:
    """Classify an exception."""
    if isinstance(error, InvalidInputError):
        return Failure(HTTPStatus.BAD_REQUEST, "invalid_input", str(error))
    if getattr(error, _TIMED_OUT, False):
        return _TIMEOUT
    found = next((known for kind, known in _FAILURES if isinstance(error, kind)), _OTHER)
    wait = getattr(error, "retry_after", None)
    if found.status == HTTPStatus.TOO_MANY_REQUESTS and wait is not None and 0 <= wait < math.inf:
        return Failure(found.status, found.type, found.detail, math.ceil(wait))
    return found


def report(error: Exception) -> None:
    """Log a failed prediction: never by the message of a provider, which may quote a key."""
    if isinstance(error, InvalidInputError):
        return
    if not isinstance(error, dspy.DSPyError):
        log.error("prediction failed", exc_info=error)
        return
    facts = {name: getattr(error, name) for name in ("code", "status", "request_id")}
    said = [f"{name}={value}" for name, value in facts.items() if value is not None]
    log.warning("prediction failed: %s", " ".join([type(error).__name__, *said]))
