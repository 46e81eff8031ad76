"""Panels of type timeseries: lines, areas and bars over time, with thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from board import BoardError, Panel
from canvas import GRID, Box, Canvas, named, width
from legend import Line
from prometheus import Series, Times
from units import written


@dataclass(frozen=True)
class View:
    """What all graphs of a board have in common."""

    times: Times
    marks: Sequence[tuple[str, Series]]  # with the names of their colors


def draw_graph(canvas: Canvas, box: Box, panel: Panel, lines: Sequence[Line], view: View) -> None:
    """Draw lines, and mark the times in which the series of the view's marks were there."""
    low, high = _limits(panel, lines)
    ticks = _locator(panel.unit, high - low, box.height).tick_values(low, high)
    ticks = [tick for tick in ticks if low <= tick <= high]
    labels = [written(tick, panel.unit, 4) for tick in ticks]
    plot = box.inset(max(width(label, 11) for label in labels) + 12, 6, 8, 22)
    axes = canvas.axes(plot)
    axes.set_ylim(low, high)
    axes.set_yticks(ticks, labels)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    time_axis(axes, view.times, plot.width)
    _draw(axes, panel, lines)
    _draw_thresholds(axes, panel)
    for color, series in view.marks:
        _mark(axes, named(color), series)


def time_axis(axes: Axes, times: Times, room: float) -> None:
    locator = mdates.AutoDateLocator(tz=UTC, minticks=2, maxticks=max(3, int(room / 60)))
    locator.intervald[mdates.MINUTELY] = [1, 2, 5, 10, 15, 30]
    clock = "%H:%M" if times.length < 2 * 86400 else "%m-%d"
    axes.set_xlim(date(times.start), date(times.end))
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.DateFormatter(clock, tz=UTC))


def date(time: float) -> float:
    return mdates.date2num(datetime.fromtimestamp(time, UTC))


def _dates(times: NDArray[np.float64]) -> NDArray[np.float64]:
    return times / 86400  # matplotlib counts days since 1970


def _stacked(panel: Panel) -> bool:
    return panel.defaults["custom"]["stacking"]["mode"] == "normal"


def _limits(panel: Panel, lines: Sequence[Line]) -> tuple[float, float]:
    values = np.array([line.series.values for line in lines])
    if _stacked(panel):
        values = np.nansum(values, axis=0)
    low, high = np.nanmin(values), np.nanmax(values)
    low = min(low, panel.defaults.get("min", low))
    # Where all is zero, the first threshold is to be seen.
    thresholds = (value for value, _ in _thresholds(panel) if value > 0)
    room = (high - low or abs(high)) * 0.08 or 1.5 * next(thresholds, 1)
    return panel.defaults.get("min", low - room), panel.defaults.get("max", high + room)


def _locator(unit: str, length: float, height: float) -> MaxNLocator | MultipleLocator:
    most = max(2, int(height / 30))
    if unit == "bytes":
        return MultipleLocator(2 ** np.ceil(np.log2(length / most)))
    return MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])


def _draw(axes: Axes, panel: Panel, lines: Sequence[Line]) -> None:
    look = panel.defaults["custom"]
    opacity = look["fillOpacity"] / 100
    below = np.zeros(len(lines[0].series.times))
    if _stacked(panel):  # on nothing where there is nothing
        below[np.isnan([line.series.values for line in lines]).all(axis=0)] = np.nan
    for line in lines:
        dates, values = _dates(line.series.times), line.series.values
        if _stacked(panel):
            values = np.nan_to_num(values) + below
        match look["drawStyle"]:
            case "line":
                axes.plot(dates, values, color=line.color, linewidth=1.4 * look["lineWidth"])
                axes.fill_between(dates, below, values, color=line.color, alpha=opacity, lw=0)
            case "bars":
                wide = 0.7 * (dates[1] - dates[0]) if len(dates) > 1 else 1e-4
                axes.bar(dates, values - below, wide, bottom=below, color=line.color, alpha=opacity)
            case other:
                raise BoardError(f"panel {panel.title!r}: draw style {other!r} is unknown")
        if _stacked(panel):
            below = values


def _draw_thresholds(axes: Axes, panel: Panel) -> None:
    low, high = axes.get_ylim()
    for value, color in _thresholds(panel):
        if low <= value <= high:
            axes.axhline(value, color=named(color), linewidth=1, linestyle=(0, (6, 4)))


def _thresholds(panel: Panel) -> list[tuple[float, str]]:
    """The thresholds that are lines: their values and the names of their colors."""
    match panel.defaults["custom"]["thresholdsStyle"]["mode"]:
        case "off":
            return []
        case "dashed":
            steps = panel.defaults["thresholds"]["steps"]
            return [(s["value"], s["color"]) for s in steps if s["value"] is not None]
        case other:
            raise BoardError(f"panel {panel.title!r}: threshold style {other!r} is unknown")


def _mark(axes: Axes, color: str, series: Series) -> None:
    """Mark the times in which a series is there."""
    there = np.concatenate(([0], ~np.isnan(series.values), [0])).astype(int)
    step = series.times[1] - series.times[0] if len(series.times) > 1 else 0
    edges = np.flatnonzero(np.diff(there))
    for first, after in pairwise(edges):
        if there[first + 1]:
            start, end = _dates(np.array([series.times[first], series.times[after - 1] + step]))
            axes.axvspan(start, end, color=color, alpha=0.06, linewidth=0)
            axes.axvline(start, color=color, linewidth=0.9, linestyle=(0, (2, 3)))
