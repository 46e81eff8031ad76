"""A page to draw a board on, measured in the pixels of a browser, from the top left corner."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import text_to_path

WIDTH = 1280
SCALE = 1.25  # pixels of the image in one of the browser's

PAGE, PANEL, BORDER = "#111217", "#181b1f", "#2b2e35"
TEXT, WEAK, GRID = "#d5d5e0", "#9a9aa8", "#2a2d33"
_NAMED = {
    "green": "#73bf69",
    "yellow": "#f2cc0c",
    "orange": "#ff9830",
    "red": "#f2495c",
    "blue": "#5794f2",
    "text": TEXT,
}
PALETTE = [
    *("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2"),
    *("#b877d9", "#8f7fc7", "#37872d", "#fade2a", "#447ebc", "#c15c17"),
]


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def inset(self, left: float, top: float, right: float, bottom: float) -> "Box":
        return Box(
            self.x + left, self.y + top, self.width - left - right, self.height - top - bottom
        )


class Canvas:
    """A page of a height."""

    def __init__(self, height: float) -> None:
        self.height = height
        self._figure = Figure(figsize=(WIDTH / 96, height / 96), dpi=96 * SCALE, facecolor=PAGE)
        FigureCanvasAgg(self._figure)

    def text(self, x: float, y: float, text: str, size: float = 12, **look: Any) -> None:
        """Write text whose middle is at the height y, from x on, or up to it with ha=right."""
        look = {"color": TEXT, "va": "center", "ha": "left"} | look
        look |= {"fontsize": size * 0.75, "parse_math": False}
        self._figure.text(x / WIDTH, 1 - y / self.height, text, **look)

    def rectangle(self, box: Box, color: str, edge: str | None = None, rounding: float = 0) -> None:
        patch = FancyBboxPatch(
            (box.x, self.height - box.bottom),
            box.width,
            box.height,
            boxstyle=f"round,pad=0,rounding_size={rounding}",
            facecolor=color,
            edgecolor=edge or "none",
            linewidth=0.8,
            zorder=-1,  # below the axes
            transform=mpl.transforms.Affine2D().scale(1 / WIDTH, 1 / self.height)
            + self._figure.transFigure,
        )
        self._figure.add_artist(patch)

    def axes(self, box: Box) -> Axes:
        axes = self._figure.add_axes(
            (
                box.x / WIDTH,
                1 - box.bottom / self.height,
                box.width / WIDTH,
                box.height / self.height,
            ),
            facecolor="none",
        )
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, colors=WEAK, labelsize=11 * 0.75, pad=4)
        return axes

    def save(self, path: Path) -> None:
        # Without the version of the library, the same data give the same bytes.
        self._figure.savefig(path, facecolor=PAGE, metadata={"Software": None})


def named(color: str) -> str:
    """A color by its name in Grafana."""
    if color not in _NAMED:
        raise ValueError(f"color {color!r} is unknown: add it to canvas.py")
    return _NAMED[color]


def width(text: str, size: float = 12) -> float:
    """How wide text is."""
    return text_to_path.get_text_width_height_descent(text, FontProperties(size=size), False)[0]


def fit(text: str, room: float, size: float = 12) -> str:
    """Cut text to the room that there is."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"
