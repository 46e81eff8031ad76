"""A board of Grafana's classic model: its rows, panels, variables and queries."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus import Prometheus, Series, Times

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+),\s*(?P<label>\w+)\)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_POINTS = 1000  # the pixels of a graph, of which Grafana asks for no more points than that


class BoardError(ValueError):
    """A board has something that cannot be drawn."""


@dataclass(frozen=True)
class Panel:
    """A panel or the heading of a row, at its place in the grid of 24 columns."""

    raw: Mapping[str, Any]
    x: int
    y: int
    width: int
    height: int

    @property
    def type(self) -> str:
        return self.raw["type"]

    @property
    def title(self) -> str:
        return self.raw.get("title", "")

    @property
    def defaults(self) -> Mapping[str, Any]:
        return self.raw["fieldConfig"]["defaults"]

    @property
    def overrides(self) -> Sequence[Mapping[str, Any]]:
        return self.raw["fieldConfig"].get("overrides", [])

    @property
    def options(self) -> Mapping[str, Any]:
        return self.raw["options"]

    @property
    def nothing(self) -> str:
        return self.defaults.get("noValue", "No data")

    @property
    def unit(self) -> str:
        return self.defaults.get("unit", "short")


class Board:
    """A board's file."""

    def __init__(self, path: Path) -> None:
        self.raw = json.loads(path.read_text(encoding="utf-8"))
        self.title: str = self.raw["title"]

    def panels(self, rows: Sequence[str]) -> list[Panel]:
        """The panels of these rows, or of all, moved up to the top.

        A collapsed row stays so, unless it is asked for by name.
        """
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for panel in self.raw["panels"]:
            if panel["type"] == "row":
                groups[panel["title"]] = group = [panel]
                if panel["collapsed"] and panel["title"] in rows:
                    group[0] = panel | {"collapsed": False}
                    group.extend(panel["panels"])
            else:
                group.append(panel)
        if unknown := set(rows) - set(groups):
            raise BoardError(f"no row {sorted(unknown)}: there are {list(groups)}")
        placed: list[Panel] = []
        top = 0
        for title, group in groups.items():
            if rows and title not in rows:
                continue
            first = group[0]["gridPos"]["y"]
            for raw in group:
                at = raw["gridPos"]
                placed.append(Panel(raw, at["x"], at["y"] - first + top, at["w"], at["h"]))
            top = max(panel.y + panel.height for panel in placed)
        return placed

    def variables(self, prometheus: Prometheus, times: Times) -> dict[str, str]:
        """What the variables stand for when a board is opened: all, or else the first value."""
        values: dict[str, str] = {}
        for variable in self.raw["templating"]["list"]:
            name = variable["name"]
            match variable["type"]:
                case "datasource":
                    values[name] = variable["query"]
                case "constant":
                    values[name] = variable["query"]
                case "query" if variable["includeAll"]:
                    values[name] = variable["allValue"]
                case "query":
                    found = _LABEL_VALUES.fullmatch(fill(variable["query"], values))
                    if not found:
                        raise BoardError(f"variable {name}: {variable['query']!r} is unknown")
                    there = prometheus.label_values(found["label"], found["selector"], times)
                    if not there:
                        raise BoardError(f"variable {name}: {variable['query']} has no value")
                    values[name] = there[0]
                case other:
                    raise BoardError(f"variable {name}: type {other!r} is unknown")
        return values

    def choices(self, values: Mapping[str, str]) -> list[tuple[str, str]]:
        """What stands above the board: the label and the value of each variable that is shown."""
        return [
            (v["label"], "All" if v.get("includeAll") else values[v["name"]])
            for v in self.raw["templating"]["list"]
            if v["type"] != "constant"
        ]


@dataclass(frozen=True)
class Source:
    """Where the data of a board's panels come from."""

    prometheus: Prometheus
    times: Times
    variables: Mapping[str, str]
    scrape_interval: float
    shortest_step: float | None = None  # else each panel's own

    def step(self, panel: Panel) -> float:
        """The step of a panel's queries: as fine as its pixels, and no finer than it says."""
        points = min(panel.raw.get("maxDataPoints") or _POINTS, _POINTS)
        shortest = self.shortest_step or seconds(panel.raw.get("interval") or "1s")
        return max(math.ceil(self.times.length / points), shortest)

    def filled(self, expr: str, step: float) -> str:
        """An expression with values for the variables of the board and of Grafana."""
        # https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
        window = max(step + self.scrape_interval, 4 * self.scrape_interval)
        grafana = {
            "__interval": f"{step:g}s",
            "__rate_interval": f"{window:g}s",
            "__range": f"{self.times.length:.0f}s",
        }
        return fill(expr, {**self.variables, **grafana})

    def query(self, panel: Panel) -> list[tuple[str, Series]]:
        """The series of a panel with their names in the legend."""
        step = self.step(panel)
        found: list[tuple[str, Series]] = []
        for target in panel.raw["targets"]:
            expr = self.filled(target["expr"], step)
            if target["instant"]:
                series = self.prometheus.instant(expr, self.times.end)
            else:
                series = self.prometheus.range(expr, self.times, step)
            found += [(legend(target["legendFormat"], s.labels), s) for s in series]
        return found


def fill(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in values:
            raise BoardError(f"variable ${name} is unknown: {text}")
        return values[name]

    return _VARIABLE.sub(value, text)


def legend(form: str, labels: Mapping[str, str]) -> str:
    if form == "__auto":
        return ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) or "Value"
    named = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), form)
    return " ".join(named.split())


def seconds(duration: str) -> float:
    """Read a duration of Grafana, such as 15s."""
    found = _DURATION.fullmatch(duration)
    if not found:
        raise BoardError(f"duration {duration!r} is not like 15s")
    return float(found[1]) * _SECONDS[found[2]]
