"""Reads a page of OpenMetrics from standard input with the reference parser, which raises an error if it refuses the page."""

import sys

from prometheus_client.openmetrics.parser import text_fd_to_metric_families

for _ in text_fd_to_metric_families(sys.stdin):
    pass
