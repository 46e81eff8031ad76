import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from board import BoardError, Panel
from legend import colored
from prometheus import Prometheus, Series, Times
from render import Picture, moment, render


def draw(tmp_path: Path, panel: dict[str, Any]) -> Path:
    """Draw a board of one panel, over a Prometheus that has nothing."""
    at = {"x": 0, "y": 1, "w": 12, "h": 8}
    target = {"expr": "m", "instant": False, "legendFormat": "__auto"}
    heading = {"type": "row", "title": "R", "gridPos": at | {"y": 0, "h": 1}, "collapsed": False}
    whole = {"title": "P", "gridPos": at, "targets": [target], "fieldConfig": {"defaults": {}}}
    board = {
        "title": "B",
        "panels": [heading, whole | panel],
        "templating": {"list": []},
        "annotations": {"list": []},
    }
    file, image = tmp_path / "board.json", tmp_path / "board.png"
    file.write_text(json.dumps(board))
    nothing = {"status": "success", "data": {"resultType": "matrix", "result": []}}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=nothing))
    render(
        Picture(file, image), Prometheus("http://prometheus.test", transport), Times(7200, 10800)
    )
    return image


def test_nothing_is_said(tmp_path: Path) -> None:
    image = draw(tmp_path, {"type": "stat", "fieldConfig": {"defaults": {"noValue": "no traffic"}}})
    assert image.read_bytes() != draw(tmp_path, {"type": "stat"}).read_bytes()


def test_colors_of_names() -> None:
    def override(match: str, color: str) -> dict[str, Any]:
        value = {"mode": "shades", "fixedColor": color}
        return {
            "matcher": {"id": "byRegexp", "options": f"/{match}/"},
            "properties": [{"id": "color", "value": value}],
        }

    raw = {
        "fieldConfig": {
            "defaults": {"color": {"mode": "shades", "fixedColor": "red"}},
            "overrides": [override(" 2..$", "green"), override(" 4..$", "yellow")],
        }
    }
    names = ["a 200", "a 500", "b 200", "a 429", "b 500", "2000"]
    one = Series({}, np.array([0.0]), np.array([1.0]))
    lines = colored(Panel(raw, 0, 0, 12, 8), [(name, one) for name in names])
    colors = {line.name: line.color for line in lines}
    assert (colors["a 200"], colors["a 500"], colors["a 429"]) == ("#73bf69", "#f2495c", "#f2cc0c")
    assert len(set(colors.values())) == len(names)  # shades, so each is told from the others
    raw["fieldConfig"]["overrides"][0]["matcher"]["id"] = "byName"
    with pytest.raises(BoardError, match="only overrides of colors by name"):
        colored(Panel(raw, 0, 0, 12, 8), [("a 200", one)])


def test_unknown_panel(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="panel 'P': type 'piechart' is unknown"):
        draw(tmp_path, {"type": "piechart"})


def test_moment() -> None:
    assert moment("1970-01-01T01:00:00+00:00") == 3600
    assert moment("now") - moment("now-15m") == pytest.approx(900, abs=5)
    with pytest.raises(ValueError, match="yesterday"):
        moment("yesterday")
