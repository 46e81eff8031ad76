"""Writes a page with a metric of every type, as text or as openmetrics."""

import sys

from prometheus_client import REGISTRY, Counter, Enum, Gauge, Histogram, Info, Summary, exposition
from prometheus_client.openmetrics import exposition as openmetrics

Counter("requests", "Requests", ["code"]).labels("200").inc(exemplar={"trace_id": "a"})
Gauge("temperature", "Temperature").set(-1.5)
Summary("size", "Size").observe(1)
Histogram("latency_seconds", "Latency").observe(0.3)
Info("build", "Build").info({"version": "1"})
Enum("mode", "Mode", states=["on", "off"]).state("off")

write = openmetrics.generate_latest if sys.argv[1] == "openmetrics" else exposition.generate_latest
sys.stdout.buffer.write(write(REGISTRY))
