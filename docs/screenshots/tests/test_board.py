import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from board import Board, BoardError, Panel, Source, fill, legend, seconds
from prometheus import Prometheus, QueryError, Times

HOUR = Times(7200, 10800)


def board(tmp_path: Path, **parts: Any) -> Board:
    file = tmp_path / "board.json"
    file.write_text(json.dumps({"title": "T"} | parts))
    return Board(file)


def answering(data: Any) -> tuple[Prometheus, list[httpx.Request]]:
    """A Prometheus that always answers the same, and what it was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"status": "success", "data": data})

    return Prometheus("http://prometheus.test", httpx.MockTransport(answer)), asked


def row(title: str, y: int, panels: list[Any] | None = None) -> dict[str, Any]:
    at = {"x": 0, "y": y, "w": 24, "h": 1}
    inside = panels or []
    return {"type": "row", "title": title, "gridPos": at, "collapsed": bool(inside)} | {
        "panels": inside
    }


def stat(title: str, y: int, **parts: Any) -> dict[str, Any]:
    at = {"x": 0, "y": y, "w": 6, "h": 4}
    return {"type": "stat", "title": title, "gridPos": at} | parts


@pytest.mark.parametrize(
    ("rows", "want"),
    [
        ([], [("A", 0), ("a", 1), ("B", 5), ("b", 6), ("C", 10)]),
        (["B"], [("B", 0), ("b", 1)]),
        (["A", "C"], [("A", 0), ("a", 1), ("C", 5), ("c", 6)]),
    ],
)
def test_rows(tmp_path: Path, rows: list[str], want: list[tuple[str, int]]) -> None:
    panels = [row("A", 0), stat("a", 1), row("B", 5), stat("b", 6), row("C", 10, [stat("c", 11)])]
    assert [(p.title, p.y) for p in board(tmp_path, panels=panels).panels(rows)] == want


def test_unknown_row(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="no row \\['X'\\]: there are \\['A'\\]"):
        board(tmp_path, panels=[row("A", 0)]).panels(["X"])


def test_variables(tmp_path: Path) -> None:
    def variable(name: str, kind: str, query: str, **parts: Any) -> dict[str, Any]:
        return {"name": name, "type": kind, "query": query} | parts

    listed = [
        variable("datasource", "datasource", "prometheus"),
        variable("job", "query", "label_values(m, job)", includeAll=True, allValue=".+"),
        variable("service", "query", 'label_values(m{job=~"$job"}, service)', includeAll=False),
        variable("target", "constant", "0.99"),
    ]
    prometheus, asked = answering(["qa", "search"])
    got = board(tmp_path, templating={"list": listed}).variables(prometheus, HOUR)
    assert got == {"datasource": "prometheus", "job": ".+", "service": "qa", "target": "0.99"}
    assert asked[0].url.path == "/api/v1/label/service/values"
    assert asked[0].url.params["match[]"] == 'm{job=~".+"}'


@pytest.mark.parametrize(
    ("parts", "shortest", "step", "window"),
    [
        ({"interval": "15s"}, None, "15", "60s"),
        ({"interval": "15s", "maxDataPoints": 30}, None, "120", "135s"),
        ({}, None, "4", "60s"),
        ({"interval": "15s"}, 5, "5", "60s"),
    ],
)
def test_step(parts: dict[str, Any], shortest: float | None, step: str, window: str) -> None:
    prometheus, asked = answering({"resultType": "matrix", "result": []})
    target = {"expr": 'rate(m{a="$a"}[$__rate_interval]) + x[$__range]', "instant": False}
    panel = Panel(stat("a", 0, targets=[target], **parts), 0, 0, 6, 4)
    assert Source(prometheus, HOUR, {"a": "b"}, 15, shortest).query(panel) == []
    sent = asked[0].url.params
    assert sent["query"] == f'rate(m{{a="b"}}[{window}]) + x[3600s]'
    assert float(sent["step"]) == float(step)
    assert float(sent["start"]) % float(step) == 0


def test_gaps() -> None:
    prometheus, _ = answering(
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[60, "1"], [120, "3"]]}]}
    )
    (series,) = prometheus.range("m", Times(61, 150), 30)
    assert series.times.tolist() == [60, 90, 120, 150]
    assert str(series.values.tolist()) == "[1.0, nan, 3.0, nan]"
    assert series.last == 3


def test_native_histogram() -> None:
    buckets = [[0, "0.35", "0.5", "1"], [0, "0.5", "0.7", "2"]]
    histograms = [[60, {"count": "3", "sum": "1", "buckets": buckets}], [90, {"count": "0"}]]
    result = {"metric": {"job": "qa"}, "histograms": histograms}
    prometheus, _ = answering({"resultType": "matrix", "result": [result]})
    found = prometheus.range("m", Times(60, 90), 30)
    assert [series.labels for series in found] == [
        {"job": "qa", "le": "0.5"},
        {"job": "qa", "le": "1.0"},
    ]
    assert [series.values.tolist() for series in found] == [[1, 0], [3, 0]]
    prometheus, _ = answering({"resultType": "vector", "result": [result]})
    with pytest.raises(QueryError, match="native histograms"):
        prometheus.instant("m", 60)


def test_refused_query() -> None:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(400, json={"status": "error", "error": "parse error"})
    )
    with pytest.raises(QueryError, match="parse error: sum\\("):
        Prometheus("http://prometheus.test", transport).instant("sum(", 0)


def test_fill() -> None:
    assert fill('m{le=~"10(\\\\.0)?"} $a ${a} $b', {"a": "x", "b": "y$"}).endswith(" x x y$")
    with pytest.raises(BoardError, match="\\$nowhere"):
        fill("$nowhere", {})


@pytest.mark.parametrize(
    ("form", "want"),
    [
        ("{{service}} {{ status }}", "qa failure"),
        ("{{missing}} {{service}}", "qa"),
        ("__auto", 'service="qa", status="failure"'),
    ],
)
def test_legend(form: str, want: str) -> None:
    assert legend(form, {"status": "failure", "service": "qa"}) == want


def test_seconds() -> None:
    assert [seconds(d) for d in ("500ms", "15s", "1.5h", "6h", "30d")] == [
        *(0.5, 15, 5400, 21600, 2592000)
    ]
    with pytest.raises(BoardError, match="'soon' is not like 15s"):
        seconds("soon")
