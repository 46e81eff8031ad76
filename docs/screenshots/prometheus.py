"""What is asked of Prometheus."""

import math
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray


class QueryError(RuntimeError):
    """Prometheus did not answer a query, or not with what can be drawn."""


@dataclass(frozen=True)
class Times:
    """The time range of a board, in seconds since 1970."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start

    def grid(self, step: float) -> NDArray[np.float64]:
        """The times of a range query: multiples of the step, as Grafana asks for them."""
        first, last = math.floor(self.start / step), math.floor(self.end / step)
        return np.arange(first, last + 1) * step


@dataclass(frozen=True)
class Series:
    """Values at the times of the query, NaN where there is none."""

    labels: dict[str, str]
    times: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def last(self) -> float:
        """The last value that there is."""
        known = self.values[~np.isnan(self.values)]
        return float(known[-1]) if len(known) else math.nan


class Prometheus:
    """A Prometheus at a URL."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=url, timeout=60, transport=transport)

    def instant(self, expr: str, time: float) -> list[Series]:
        data = self._get("query", query=expr, time=time)
        if data["resultType"] == "scalar":
            return [_series({}, [data["result"]], np.array([time]))]
        return [_series(_labels(r), [r["value"]], np.array([time])) for r in data["result"]]

    def range(self, expr: str, times: Times, step: float) -> list[Series]:
        grid = times.grid(step)
        data = self._get("query_range", query=expr, start=grid[0], end=grid[-1], step=step)
        found: list[Series] = []
        for result in data["result"]:
            if "histograms" in result:
                found += _buckets(result, grid)
            else:
                found.append(_series(_labels(result), result["values"], grid))
        return found

    def label_values(self, label: str, selector: str, times: Times) -> list[str]:
        return self._get(
            f"label/{label}/values", **{"match[]": selector}, start=times.start, end=times.end
        )

    def _get(self, path: str, **parameters: Any) -> Any:
        try:
            answer = self._client.get(f"/api/v1/{path}", params=parameters).json()
        except (httpx.HTTPError, ValueError) as error:
            raise QueryError(f"{self._client.base_url}: {path}: {error}") from error
        if answer.get("status") != "success":
            raise QueryError(f"{path}: {answer.get('error')}: {parameters.get('query')}")
        return answer["data"]


def _labels(result: dict[str, Any]) -> dict[str, str]:
    if "histogram" in result or "histograms" in result:
        raise QueryError(f"native histograms are not drawn yet: {result['metric']}")
    return result["metric"]


def _buckets(result: dict[str, Any], grid: NDArray[np.float64]) -> list[Series]:
    """A native histogram as a classic one, whose bounds are powers of two.

    Those are bounds of every native histogram, so that no bucket is split.
    """
    if "values" in result:
        raise QueryError(f"numbers and native histograms in one series: {result['metric']}")
    filled = [
        (t, [(float(high), float(count)) for _, _, high, count in histogram.get("buckets", [])])
        for t, histogram in result["histograms"]
    ]
    highest = {high for _, buckets in filled for high, _ in buckets if high > 0}
    bounds = sorted({math.ceil(round(math.log2(high), 6)) for high in highest})
    out: list[Series] = []
    for bound in (2.0**power for power in bounds):
        points = [
            (t, str(sum(count for high, count in buckets if high <= bound * (1 + 1e-6))))
            for t, buckets in filled
        ]
        out.append(_series({**result["metric"], "le": str(bound)}, points, grid))
    return out


def _series(
    labels: dict[str, str], points: list[tuple[float, str]], grid: NDArray[np.float64]
) -> Series:
    values = np.full(len(grid), np.nan)
    at, found = np.array([(float(t), float(v)) for t, v in points]).T
    values[np.searchsorted(grid, at - 1e-3)] = found
    return Series(labels, grid, values)
