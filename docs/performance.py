"""Plots benchmarks: python3 docs/performance.py PARALLEL SCRAPE OUT.png

PARALLEL is the output of the parallel benchmarks of otelmetrics/bound
with -cpu 1,2,4,8,16, SCRAPE that of BenchmarkScrape; see performance.md. It
needs matplotlib. Medians over the runs in a file are plotted, as ratios.
"""
import collections
import re
import statistics as st
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
d = collections.defaultdict(list)
for l in open(sys.argv[1]):
    m = re.match(r'Benchmark(\w+)/bound_parallel/(\w+?)(?:-(\d+))?\s+\d+\s+([\d.]+) ns/op', l)
    if m:
        d[(m[1], m[2], int(m[3] or 1))].append(float(m[4]))
s = collections.defaultdict(list)
for l in open(sys.argv[2]):
    m = re.match(r'BenchmarkScrape/series=(\d+)/(\w+?)-\d+\s+\d+\s+([\d.]+) ns/op', l)
    if m:
        s[(m[2], int(m[1]))].append(float(m[3]))
fig, ax = plt.subplots(1, 3, figsize=(13, 4))
look = {'dspy': ('#0b6e4f', 'o', 'dspy-metrics'), 'client_golang': ('#e4572e', 's', 'client_golang'), 'otel_sdk': ('#4a6fa5', '^', 'OpenTelemetry SDK')}
for a, what in zip(ax, ('Counter', 'Histogram')):
    base = st.median(d[(what, 'client_golang', 1)])
    for impl, (color, mark, name) in look.items():
        xs = sorted(n for (w, i, n) in d if w == what and i == impl)
        a.plot(xs, [st.median(d[(what, impl, x)]) / base for x in xs], marker=mark, color=color, label=name)
    a.set(xscale='log', yscale='log', title=what + ', bound, one series', xlabel='goroutines', ylabel='cost (client_golang on one = 1)')
    a.set_xticks(xs, xs)
    a.grid(alpha=.3)
    a.legend()
base = st.median(s[('client_golang', 1000)])
for impl, (color, mark, name) in look.items():
    xs = sorted(n for (i, n) in s if i == impl)
    ax[2].plot(xs, [st.median(s[(impl, x)]) / base for x in xs], marker=mark, color=color, label=name)
ax[2].set(xscale='log', yscale='log', title='Scrape, OpenMetrics', xlabel='series', ylabel='cost (client_golang at 1,000 = 1)')
ax[2].grid(alpha=.3)
ax[2].legend()
fig.tight_layout()
fig.savefig(sys.argv[3], dpi=110)
