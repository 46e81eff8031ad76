"""Parses pages with prometheus_client, those that end in .om as OpenMetrics.

Usage: parse.py PAGE... writes a line of JSON for each: how many samples it has,
and the values of each label. The metrics of the Go runtime are passed over: two of
client_golang's have one name in OpenMetrics, see prometheus/client_golang#829.
"""

import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text

for path in sys.argv[1:]:
    parse = openmetrics if path.endswith(".om") else text
    with open(path, encoding="utf-8", newline="\n") as file:
        page = "".join(line for line in file if not line.startswith(("go_", "# HELP go_", "# TYPE go_", "# UNIT go_")))
    samples = [s for family in parse.text_string_to_metric_families(page) for s in family.samples]
    labels = {}
    for sample in samples:
        for name, value in sample.labels.items():
            labels.setdefault(name, set()).add(value)
    labels.pop("le", None)  # whose spelling is the format's
    print(json.dumps({"samples": len(samples), "labels": {name: sorted(values) for name, values in labels.items()}}))
