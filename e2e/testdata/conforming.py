"""Writes the page of a Python service that follows the contract.

Usage: dspy-metrics contract --format json | conforming.py text|openmetrics [BREAK],
where BREAK names one rule to break; see what `broken` is compared with.
"""

import itertools
import json
import sys

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition
from prometheus_client.openmetrics import exposition as openmetrics

broken = sys.argv[2] if len(sys.argv) > 2 else ""
contract = json.load(sys.stdin)
registry = CollectorRegistry()


def values(label):
    """The values that a label has: the well-known ones, or some one."""
    definition = contract["labels"][label]
    known = definition.get("only") or definition.get("values")
    if label == "status" and broken == "unknown-value":
        return [known[0], "failed"]
    return known or {"service": ["qa"], "endpoint": ["/predict"], "status_code": ["200"]}.get(label, ["one"])


def changed(name, metric):
    """A metric as the contract has it, or with one thing broken."""
    labels = {label: values(label) for label in metric["labels"]}
    buckets = metric.get("buckets")
    kind, description = metric["kind"], metric["description"]
    if name == "dspy_errors_total":
        if broken == "unknown-metric":
            name = "dspy_failures_total"
        elif broken == "wrong-type":
            kind = "gauge"
        elif broken == "extra-label":
            labels["model"] = ["m"]
        elif broken == "missing-label":
            del labels["service"]
        elif broken == "wrong-help":
            description = "Failures"
        elif broken == "not-primed":
            labels["error_type"] = labels["error_type"][1:]
    if name == "dspy_prediction_duration_seconds":
        buckets = Histogram.DEFAULT_BUCKETS if broken == "extra-bucket" else buckets[:-1] if broken == "missing-bucket" else buckets
    if name == "dspy_active_predictions" and broken == "over-budget":
        labels["service"] = [f"s{i}" for i in range(20)]
    return name, kind, description, labels, buckets


for documented, metric in contract["metrics"].items():
    if broken == "missing-metric" and documented == "dspy_cache_size_bytes":
        continue
    name, kind, description, labels, buckets = changed(documented, metric)
    if kind == "counter":
        made = Counter(name.removesuffix("_total"), description, list(labels), registry=registry)
    elif kind == "histogram":
        made = Histogram(name, description, list(labels), buckets=buckets, registry=registry)
    else:
        made = Gauge(name, description, list(labels), registry=registry)
    for series in itertools.product(*labels.values()) if labels else []:
        child = made.labels(*series)
        if kind == "histogram":
            child.observe(0.3)
            break
        if documented == "dspy_predictions_total" and broken == "invalid-value":
            child.inc(0.5)

write = openmetrics if sys.argv[1] == "openmetrics" else exposition
page = write.generate_latest(registry)
if broken == "syntax":
    page = page.replace(b'="qa"', b'=qa', 1)
sys.stdout.buffer.write(page)
