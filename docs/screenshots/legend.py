"""The table below a graph: a name for each line, and what is calculated of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from board import BoardError, Panel
from canvas import BORDER, PALETTE, WEAK, Box, Canvas, fit, width
from prometheus import Series
from units import written

_ROW = 18
_COLUMN = 48  # at least
_GAP = 14
_SHARE = 0.42  # of a panel's height at most; the rest of the legend is scrolled to
_CALCULATIONS: dict[str, tuple[str, Callable[[NDArray[np.float64]], float]]] = {
    "mean": ("Mean", np.mean),
    "max": ("Max", np.max),
    "lastNotNull": ("Last *", lambda values: values[-1]),
}


@dataclass(frozen=True)
class Line:
    """A series as it is drawn."""

    name: str
    series: Series
    color: str

    def calculated(self, calculation: str) -> float:
        known = self.series.values[~np.isnan(self.series.values)]
        return float(_CALCULATIONS[calculation][1](known)) if len(known) else math.nan


def colored(found: Sequence[tuple[str, Series]]) -> list[Line]:
    return [Line(name, series, PALETTE[i % len(PALETTE)]) for i, (name, series) in enumerate(found)]


def draw_legend(canvas: Canvas, box: Box, panel: Panel, lines: Sequence[Line]) -> float:
    """Draw the legend at the bottom of a box, and return its height."""
    options = panel.options["legend"]
    if (options["displayMode"], options["placement"]) != ("table", "bottom"):
        raise BoardError(f"panel {panel.title!r}: only a legend as table at the bottom is known")
    calculations = options["calcs"]
    if unknown := set(calculations) - set(_CALCULATIONS):
        raise BoardError(f"panel {panel.title!r}: calculations {unknown} are unknown")
    lines = _sorted(lines, options)
    room = max(1, int(box.height * _SHARE / _ROW) - 1)
    shown = lines if len(lines) <= room else lines[: room - 1]
    hidden = len(lines) - len(shown)
    height = (1 + len(shown) + bool(hidden)) * _ROW
    top = box.bottom - height + _ROW / 2
    right = box.right - 4
    for calculation in reversed(calculations):
        title = _CALCULATIONS[calculation][0]
        values = [written(line.calculated(calculation), panel.unit) for line in shown]
        canvas.text(right, top, title, 11, color=WEAK, ha="right")
        for i, value in enumerate(values, 1):
            canvas.text(right, top + i * _ROW, value, 11, ha="right")
        right -= max(_COLUMN, *(width(text, 11) for text in (title, *values))) + _GAP
    canvas.text(box.x + 4, top, "Name", 11, color=WEAK)
    for i, line in enumerate(shown, 1):
        y = top + i * _ROW
        canvas.rectangle(Box(box.x, y - _ROW / 2, box.width, 0.5), BORDER)
        canvas.rectangle(Box(box.x + 4, y - 2, 12, 3), line.color, rounding=1)
        canvas.text(box.x + 22, y, fit(line.name, right - box.x - 22, 11), 11)
    if hidden:
        canvas.text(box.x + 22, top + (len(shown) + 1) * _ROW, f"{hidden} more", 11, color=WEAK)
    return height


def _sorted(lines: Sequence[Line], options: dict[str, object]) -> Sequence[Line]:
    """The lines in the order that the legend asks for by the title of a column."""
    for calculation, (title, _) in _CALCULATIONS.items():
        if title == options.get("sortBy"):

            def by(line: Line, calculation: str = calculation) -> float:
                value = line.calculated(calculation)
                return -math.inf if math.isnan(value) else value

            return sorted(lines, key=by, reverse=bool(options["sortDesc"]))
    return lines
