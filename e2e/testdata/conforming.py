"""Writes the page of a Python service that follows the contract.

Usage: conforming.py text|openmetrics [BREAK], where BREAK names one rule to
break; see what `broken` is compared with.
"""

import itertools
import sys

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition
from prometheus_client.openmetrics import exposition as openmetrics

broken = sys.argv[2] if len(sys.argv) > 2 else ""
registry = CollectorRegistry()

KINDS = ["predict", "cot", "react", "few_shot", "program_of_thought"]
STATUSES = ["success", "failed" if broken == "unknown-value" else "failure"]
CACHES = ["memory", "redis", "dspy"]
ERRORS = ["timeout", "rate_limit", "invalid_input", "prediction_failed", "upstream_unavailable", "unauthorized", "canceled", "panic", "cache_unavailable", "other"]
TOKENS = ["input", "output", "cache_read", "cache_write", "reasoning"]
LABELS = ["service", "prediction_type", "status", "cache_type", "error_type", "token_type", "endpoint", "method", "status_code"]
PREDICTION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
LATENCY_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]


def counter(name, description, **labels):
    c = Counter(name, description, list(labels), registry=registry)
    if labels:
        for values in itertools.product(*labels.values()):
            if broken != "not-primed" or values[-1] != "timeout":
                c.labels(*values)
    return c


def histogram(name, description, buckets, **labels):
    h = Histogram(name, description, list(labels), buckets=buckets, registry=registry)
    h.labels(*labels.values()).observe(0.3)


service = ["qa"]
predictions = counter("dspy_predictions", "Predictions that ended, by status", service=service, prediction_type=KINDS, status=STATUSES)
predictions.labels("qa", "cot", STATUSES[0]).inc(0.5 if broken == "invalid-value" else 1)
counter("dspy_cache_hits", "Predictions that a cache answered", service=service, cache_type=CACHES)
counter("dspy_cache_misses", "Predictions that a cache was asked for and did not have", service=service, cache_type=CACHES)
counter("dspy_cache_evictions", "Entries that a cache removed to make room or because they expired", service=service, cache_type=CACHES)
errors = "dspy_failures" if broken == "unknown-metric" else "dspy_errors"
if broken == "wrong-type":
    Gauge("dspy_errors_total", "Errors, by type", ["service", "error_type"], registry=registry).labels("qa", "timeout")
elif broken == "extra-label":
    counter(errors, "Errors, by type", service=service, error_type=ERRORS, model=["m"])
elif broken == "missing-label":
    counter(errors, "Errors, by type", error_type=ERRORS)
else:
    counter(errors, "Failures" if broken == "wrong-help" else "Errors, by type", service=service, error_type=ERRORS)
active = Gauge("dspy_active_predictions", "Predictions that have started and not ended", ["service"], registry=registry)
for name in [f"s{i}" for i in range(20)] if broken == "over-budget" else service:
    active.labels(name).set(0)
if broken != "missing-metric":
    Gauge("dspy_cache_size_bytes", "Size of a cache", ["service", "cache_type"], registry=registry).labels("qa", "memory").set(10)
first = Histogram.DEFAULT_BUCKETS if broken == "extra-bucket" else PREDICTION_BUCKETS[:-1] if broken == "missing-bucket" else PREDICTION_BUCKETS
histogram("dspy_prediction_duration_seconds", "Duration of predictions, failed ones included", first, service="qa", prediction_type="cot")
histogram("dspy_api_latency_seconds", "Latency of HTTP requests until the handler returned", LATENCY_BUCKETS,
          service="qa", endpoint="/predict", method="POST", status_code="200")
histogram("dspy_time_to_first_token_seconds", "Time from the start of a streamed prediction to its first content", PREDICTION_BUCKETS,
          service="qa", prediction_type="cot")
counter("dspy_tokens", "Tokens that were spent, by type", service=service, prediction_type=KINDS, token_type=TOKENS)
counter("dspy_cost_usd", "Money that was spent, in US dollars, as the provider reported it", service=service, prediction_type=KINDS)
counter("dspy_metrics_label_overflow", "Measurements with a label value recorded as other because it is over the budget or not allowed", label=LABELS)
counter("dspy_metrics_scrape_errors", "Scrapes that had to leave something out")
counter("dspy_metrics_export_errors", "OTLP exports that failed; the totals go out with the next one that succeeds")

write = openmetrics if sys.argv[1] == "openmetrics" else exposition
page = write.generate_latest(registry)
if broken == "syntax":
    page = page.replace(b'="qa"', b'=qa', 1)
sys.stdout.buffer.write(page)
