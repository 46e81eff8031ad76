"""Draws a board of Grafana from its JSON file and a Prometheus, without a Grafana.

    python render.py --prometheus http://localhost:9090 --from now-1h \\
        ../../grafana/dashboards/dspy-overview.json overview.png

Every value is queried, with the variables, steps and windows that Grafana would use. What a
board has and this cannot draw is an error. Times are in UTC.
"""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from board import Board, BoardError, Panel, Source, seconds
from canvas import BORDER, PANEL, WEAK, WIDTH, Box, Canvas, fit, width
from figures import draw_alerts, draw_heatmap, draw_stat, draw_table
from graph import View, draw_graph
from legend import colored, draw_legend
from prometheus import Prometheus, QueryError, Series, Times

_CELL, _GAP = 38, 8  # Grafana's rows are 30 high and 8 apart
_MARGIN, _HEAD = 12, 44
# The data source of grafana/provisioning says this as timeInterval.
_SCRAPE_INTERVAL = 15


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("board", type=Path, help="a board's JSON file")
    parser.add_argument("image", type=Path, help="the PNG to write")
    parser.add_argument("--prometheus", default="http://localhost:9090", metavar="URL")
    when = "now, now-15m, or a time of ISO 8601"
    parser.add_argument("--from", dest="start", type=moment, default="now-1h", help=when)
    parser.add_argument("--to", dest="end", type=moment, default="now", help=when)
    parser.add_argument(
        "--step",
        type=seconds,
        help="the scrape interval, and the shortest step of a query (15s, and what a panel says)",
    )
    parser.add_argument("--row", action="append", default=[], help="only this row; repeatable")
    args = parser.parse_args()
    try:
        render(
            Picture(args.board, args.image, args.row),
            Prometheus(args.prometheus),
            Times(args.start, args.end),
            args.step,
        )
    except (BoardError, QueryError, ValueError, OSError) as error:
        sys.exit(f"render: {args.board}: {error}")


def moment(text: str) -> float:
    """Read a time as --from and --to take it."""
    if found := re.fullmatch(r"now(?:-(\w+))?", text):
        return time.time() - (seconds(found[1]) if found[1] else 0)
    return datetime.fromisoformat(text).timestamp()


@dataclass(frozen=True)
class Picture:
    """What to draw, and where to."""

    board: Path
    image: Path
    rows: Sequence[str] = ()  # all of them


def render(
    picture: Picture, prometheus: Prometheus, times: Times, step: float | None = None
) -> None:
    """Draw a board into a PNG. The step is that of the command line."""
    board = Board(picture.board)
    panels = board.panels(picture.rows)
    variables = board.variables(prometheus, times)
    source = Source(prometheus, times, variables, step or _SCRAPE_INTERVAL, step)
    canvas = Canvas(_HEAD + max(p.y + p.height for p in panels) * _CELL + _MARGIN)
    _draw_head(canvas, board, source)
    view = View(times, _marks(board, source))
    for panel in panels:
        _draw_panel(canvas, panel, source, view)
    canvas.save(picture.image)


def _draw_head(canvas: Canvas, board: Board, source: Source) -> None:
    canvas.text(_MARGIN, _HEAD / 2, board.title, 17, weight="bold")
    start, end = (datetime.fromtimestamp(t, UTC) for t in (source.times.start, source.times.end))
    shown = f"{start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC"
    canvas.text(WIDTH - _MARGIN, _HEAD / 2, shown, 12, color=WEAK, ha="right")
    x = _MARGIN + width(board.title, 17) * 1.12 + 24
    for label, value in board.choices(source.variables):
        canvas.text(x, _HEAD / 2, label, 12, color=WEAK)
        x += width(label) + 7
        canvas.text(x, _HEAD / 2, value, 12)
        x += width(value) + 18


_TYPES = ("row", "timeseries", "stat", "table", "heatmap", "alertlist")


def _draw_panel(canvas: Canvas, panel: Panel, source: Source, view: View) -> None:
    if panel.type not in _TYPES:
        raise BoardError(f"panel {panel.title!r}: type {panel.type!r} is unknown")
    column = (WIDTH - 2 * _MARGIN + _GAP) / 24
    box = Box(
        _MARGIN + panel.x * column,
        _HEAD + panel.y * _CELL,
        panel.width * column - _GAP,
        panel.height * _CELL - _GAP,
    )
    if panel.type == "row":
        sign, inside = ("▸", panel.raw["panels"]) if panel.raw["collapsed"] else ("▾", [])
        canvas.text(box.x, box.y + box.height / 2, f"{sign}  {panel.title}", 15, weight="bold")
        if inside:
            x = box.x + width(f"{sign}  {panel.title}", 15) * 1.12 + 12
            canvas.text(x, box.y + box.height / 2, f"({len(inside)} panels)", 12, color=WEAK)
        return
    canvas.rectangle(box, PANEL, BORDER, rounding=3)
    canvas.text(box.x + 10, box.y + 15, fit(panel.title, box.width - 20, 13), 13)
    inside = box.inset(10, 30, 10, 8)
    if panel.type == "alertlist":
        draw_alerts(canvas, inside, panel, source)
        return
    found = [(name, s) for name, s in source.query(panel) if not np.isnan(s.values).all()]
    if not found:
        x, y = inside.x + inside.width / 2, inside.y + inside.height / 2
        canvas.text(x, y, panel.nothing, 14, color=WEAK, ha="center")
        return
    match panel.type:
        case "timeseries":
            lines = colored(panel, found)
            below = draw_legend(canvas, inside, panel, lines)
            plot = inside.inset(0, 0, 0, below)
            draw_graph(canvas, plot, panel, lines, view)
        case "stat":
            draw_stat(canvas, inside, panel, found)
        case "table":
            draw_table(canvas, inside, panel, found)
        case _:
            draw_heatmap(canvas, inside, panel, found, source.times)


def _marks(board: Board, source: Source) -> list[tuple[str, Series]]:
    """The annotations of a board: the color and the series of each."""
    found: list[tuple[str, Series]] = []
    for annotation in board.raw["annotations"]["list"]:
        step = source.shortest_step or seconds(annotation["step"])
        expr = source.filled(annotation["expr"], step)
        series = source.prometheus.range(expr, source.times, step)
        found += [(annotation["iconColor"], s) for s in series]
    return found


if __name__ == "__main__":
    main()
