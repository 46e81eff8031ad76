"""The table below a graph: a name for each line, and what is calculated of it."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray

from board import BoardError, Panel
from canvas import BORDER, PALETTE, WEAK, Box, Canvas, fit, named, width
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


def colored(panel: Panel, found: Sequence[tuple[str, Series]]) -> list[Line]:
    """Give each series a color: one of the palette, or a shade of the panel's own."""
    color = panel.defaults["color"]
    match color["mode"]:
        case "palette-classic":
            colors: Sequence[str] = PALETTE
        case "shades":
            colors = _shades(named(color["fixedColor"]))
        case mode:
            raise BoardError(f"panel {panel.title!r}: the color mode {mode!r} is unknown")
    used: dict[str | None, int] = {}  # each color has an order of its own
    lines: list[Line] = []
    for name, series in found:
        own = _overridden(panel, name)
        i = used.get(key := own and named(own), 0)
        used[key] = i + 1
        of = _shades(named(own)) if own else colors
        lines.append(Line(name, series, of[i % len(of)]))
    return lines


def _overridden(panel: Panel, name: str) -> str | None:
    """The color that an override gives to the lines with such a name."""
    color = None
    for override in panel.overrides:
        matcher, properties = override["matcher"], override["properties"]
        if matcher["id"] != "byRegexp" or [p["id"] for p in properties] != ["color"]:
            raise BoardError(f"panel {panel.title!r}: only overrides of colors by name are known")
        if properties[0]["value"]["mode"] != "shades":
            raise BoardError(f"panel {panel.title!r}: an override is not in shades")
        if re.search(matcher["options"].strip("/"), name):
            color = properties[0]["value"]["fixedColor"]
    return color


def _shades(color: str) -> list[str]:
    """The color, and others from darker to lighter, neighbors apart from each other."""
    whole = np.array(to_rgb(color))
    lighter = [whole + (1 - whole) * share for share in (0, 0.35, 0.65)]
    darker = [whole * share for share in (0.75, 0.5)]
    return [to_hex(lighter[0]), to_hex(darker[0]), *map(to_hex, lighter[1:]), to_hex(darker[1])]


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
