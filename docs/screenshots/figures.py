"""Panels of types stat, table, heatmap and alertlist."""

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np

from board import BoardError, Panel, Source
from canvas import BORDER, PANEL, WEAK, Box, Canvas, fit, named, width
from graph import time_axis
from prometheus import Series, Times
from units import written

_ROW = 24
_ALERT = 34


def draw_stat(canvas: Canvas, box: Box, panel: Panel, found: Sequence[tuple[str, Series]]) -> None:
    if panel.options["reduceOptions"]["calcs"] != ["lastNotNull"]:
        raise BoardError(f"panel {panel.title!r}: only the last value can be shown")
    if (mode := panel.options["graphMode"]) not in ("none", "area"):
        raise BoardError(f"panel {panel.title!r}: graph mode {mode!r} is unknown")
    for i, (name, series) in enumerate(found):
        part = Box(
            box.x + i * box.width / len(found), box.y, box.width / len(found), box.height
        ).inset(4, 0, 4, 4)
        color = threshold_color(panel, series.last)
        if mode == "area":
            _sparkline(canvas, part.inset(-4, part.height * 0.55, -4, -8), panel, series, color)
        text = written(series.last, panel.unit)
        size = min(34, part.width / max(width(text, 1), 1) * 0.92)
        middle = part.y + part.height * (0.28 if mode == "area" else 0.45)
        canvas.text(part.x + part.width / 2, middle, text, size, color=color, ha="center")
        if len(found) > 1 or panel.options["textMode"] == "value_and_name":
            canvas.text(part.x, part.y + 8, fit(name, part.width, 11), 11)


def _sparkline(canvas: Canvas, box: Box, panel: Panel, series: Series, color: str) -> None:
    axes = canvas.axes(box)
    axes.set_axis_off()
    axes.plot(series.times, series.values, color=color, linewidth=1.2)
    axes.fill_between(series.times, 0, series.values, color=color, alpha=0.2, linewidth=0)
    axes.set_xlim(series.times[0], series.times[-1])
    axes.set_ylim(
        panel.defaults.get("min", np.nanmin(series.values)), np.nanmax(series.values) * 1.1 or 1
    )


def threshold_color(panel: Panel, value: float) -> str:
    """The color of the highest threshold that the value reaches."""
    steps = panel.defaults["thresholds"]["steps"]
    reached = [step for step in steps if step["value"] is None or value >= step["value"]]
    return named(reached[-1]["color"])


def draw_table(canvas: Canvas, box: Box, panel: Panel, found: Sequence[tuple[str, Series]]) -> None:
    hidden: set[str] = set()
    titles: dict[str, str] = {}
    for transformation in panel.raw.get("transformations", []):
        if transformation["id"] != "organize":
            raise BoardError(f"panel {panel.title!r}: {transformation['id']!r} is unknown")
        hidden |= {name for name, off in transformation["options"]["excludeByName"].items() if off}
        titles |= transformation["options"].get("renameByName", {})
    if "Time" not in hidden:
        raise BoardError(f"panel {panel.title!r}: a column of times is unknown")
    columns = sorted({name for _, series in found for name in series.labels} - hidden)
    rows = sorted((series for _, series in found), key=lambda s: -s.last)
    title = titles.get("Value", "Value")
    if panel.options["sortBy"] != [{"displayName": title, "desc": True}]:
        raise BoardError(f"panel {panel.title!r}: only the value, descending, is a known order")
    wide = box.width / (len(columns) + 1)
    room = int(box.height / _ROW) - 1
    y = box.y + _ROW / 2
    for i, column in enumerate([*columns, title]):
        end = i == len(columns)
        x = box.right - 8 if end else box.x + 8 + i * wide
        canvas.text(x, y, column, 12, color="#8ab8ff", ha="right" if end else "left")
    for series in rows[:room]:
        y += _ROW
        decimals = panel.defaults.get("decimals")
        value = series.last if decimals is None else round(series.last, decimals)
        canvas.rectangle(Box(box.x, y - _ROW / 2, box.width, 0.5), BORDER)
        for i, column in enumerate(columns):
            canvas.text(box.x + 8 + i * wide, y, fit(series.labels.get(column, ""), wide - 8))
        canvas.text(box.right - 8, y, written(value, panel.unit), ha="right")


def draw_heatmap(
    canvas: Canvas, box: Box, panel: Panel, found: Sequence[tuple[str, Series]], times: Times
) -> None:
    """Draw the rates of the buckets, each without those below it."""
    options = panel.options
    if options["calculate"] or options["color"]["scheme"] != "Oranges":
        raise BoardError(f"panel {panel.title!r}: only buckets in oranges are known")
    ordered = sorted(found, key=lambda named: float(named[1].labels["le"]))
    bounds = [float(series.labels["le"]) for _, series in ordered]
    cells = np.diff([series.values for _, series in ordered], axis=0, prepend=0)
    cells = np.ma.masked_invalid(np.where(cells > options["filterValues"]["le"], cells, np.nan))
    labels = [written(b, panel.unit) if math.isfinite(b) else "+Inf" for b in bounds]
    plot = box.inset(max(width(label, 11) for label in labels) + 12, 6, 8, 22 + 26)
    axes = canvas.axes(plot)
    grid = ordered[0][1].times
    step = grid[1] - grid[0] if len(grid) > 1 else 1
    edges = np.append(grid, grid[-1] + step) / 86400
    most = float(cells.max()) if cells.count() else 1.0
    norm = mpl.colors.PowerNorm(options["color"]["exponent"], 0, most)
    heights = np.arange(len(bounds) + 1)
    look = {"cmap": "Oranges_r", "norm": norm, "edgecolors": PANEL, "linewidth": 0.6}
    axes.pcolormesh(edges, heights, cells, **look)
    axes.set_yticks(np.arange(1, len(bounds) + 1), labels)
    time_axis(axes, times, plot.width)
    scale = canvas.axes(Box(plot.x, box.bottom - 16, plot.width * 0.4, 8))
    scale.imshow([np.linspace(0, 1, 64)], aspect="auto", cmap="Oranges_r")
    scale.set_axis_off()
    said = f"0 to {written(most, 'short')} per second"
    canvas.text(plot.x + plot.width * 0.4 + 8, box.bottom - 12, said, 11, color=WEAK)


def draw_alerts(canvas: Canvas, box: Box, panel: Panel, source: Source) -> None:
    """Draw what Prometheus says of its alerts: which are there, in which state, since when."""
    shown = [state for state, on in panel.options["stateFilter"].items() if on]
    end, which = source.times.end, panel.options["alertInstanceLabelFilter"]
    found = [s.labels for s in source.prometheus.instant(f"ALERTS{which}", end)]
    alerts = [labels for labels in found if labels["alertstate"] in shown]
    active = source.prometheus.instant(f"ALERTS_FOR_STATE{which}", end)
    since = {_identity(series.labels): series.last for series in active}
    room = int(box.height / _ALERT)
    hidden = len(alerts) - room + 1 if len(alerts) > room else 0
    for i, labels in enumerate(alerts[: len(alerts) - hidden]):
        y = box.y + i * _ALERT
        minutes = (end - since[_identity(labels)]) / 60
        severity = labels.get("severity", "no severity")
        said = f"{severity}, {labels['alertstate']}, active for {minutes:.0f} min"
        canvas.rectangle(Box(box.x, y + 2, 3, _ALERT - 6), named("red"))
        canvas.text(box.x + 10, y + 10, fit(labels["alertname"], box.width - 12))
        canvas.text(box.x + 10, y + 24, fit(said, box.width - 12, 11), 11, color=named("red"))
    if hidden:
        canvas.text(box.x + 10, box.y + (room - 1) * _ALERT + 10, f"{hidden} more", color=WEAK)
    if not alerts:
        canvas.text(
            box.x + box.width / 2, box.y + box.height / 2, "No alerts", color=WEAK, ha="center"
        )


def _identity(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((k, v) for k, v in labels.items() if k not in ("__name__", "alertstate"))
