import math
from http import HTTPStatus

import dspy
import pytest
from dspy.utils.exceptions import ContextWindowExceededError

from failures import InvalidInputError, failure


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InvalidInputError("why"), 400, "invalid_input"),
        (ContextWindowExceededError(), 400, "invalid_input"),
        (dspy.LMRateLimitError("secret"), 429, "rate_limit"),
        (dspy.LMTimeoutError("secret"), 504, "timeout"),
        (dspy.LMTransportError("secret"), 502, "upstream_unavailable"),
        (dspy.LMServerError("secret"), 502, "upstream_unavailable"),
        (dspy.LMAuthError("secret"), 500, "prediction_failed"),
        (dspy.LMInvalidRequestError("secret"), 500, "prediction_failed"),
        (dspy.LMNotConfiguredError("secret"), 500, "prediction_failed"),
        (RuntimeError("secret"), 500, "prediction_failed"),
    ],
)
def test_kinds(error: Exception, status: int, kind: str) -> None:
    failed = failure(error)
    assert (failed.status, failed.type) == (status, kind)
    assert "secret" not in failed.detail


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [(None, None), (0.0, 0), (1.2, 2), (30, 30), (-1.0, None), (math.inf, None), (math.nan, None)],
)
def test_retry_after(wait: float | None, seconds: int | None) -> None:
    failed = failure(dspy.LMRateLimitError("x", retry_after=wait))
    assert failed.status == HTTPStatus.TOO_MANY_REQUESTS
    assert failed.retry_after == seconds
