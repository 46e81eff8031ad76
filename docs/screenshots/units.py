"""Values as Grafana writes them, by the name of its unit."""

import math
from itertools import pairwise

# Per unit: from which size on, divided by what, and what stands before and after.
_SI = ((0, 1, ""), (1e3, 1e3, "K"), (1e6, 1e6, "M"), (1e9, 1e9, "B"), (1e12, 1e12, "T"))
_SHORT = ((0, 1, ""), (1e3, 1e3, " K"), (1e6, 1e6, " Mil"), (1e9, 1e9, " Bil"))
_BYTES = tuple(
    (1024**power if power else 0, 1024**power, " " + name)
    for power, name in enumerate(("B", "KiB", "MiB", "GiB", "TiB"))
)
_SECONDS = (
    *((0, 1e-9, " ns"), (1e-6, 1e-6, " µs"), (1e-3, 1e-3, " ms"), (1, 1, " s")),
    *((60, 60, " mins"), (3600, 3600, " hours"), (86400, 86400, " days")),
)
_UNITS = {
    "none": (((0, 1, ""),), "", ""),
    "short": (_SHORT, "", ""),
    "s": (_SECONDS, "", ""),
    "percentunit": (((0, 0.01, "%"),), "", ""),
    "bytes": (_BYTES, "", ""),
    "reqps": (_SI, "", " req/s"),
    "cps": (_SI, "", " c/s"),
    "ops": (_SI, "", " ops/s"),
    "currencyUSD": (_SI, "$", ""),
}


class UnknownUnitError(ValueError):
    """A panel has a unit that cannot be written here."""


def written(value: float, unit: str, digits: int = 3) -> str:
    """Write a value with so many significant digits, or all before the point if those are more."""
    if unit not in _UNITS:
        raise UnknownUnitError(f"unit {unit!r} is unknown: add it to units.py")
    if not math.isfinite(value):
        return str(value)
    scales, before, after = _UNITS[unit]
    size = abs(value)
    if size == 0:
        # Zero of what it is mostly a share of: 0 s, not 0 ns.
        scale = next((s for s in scales if s[1] == 1), scales[0])
        return f"{before}0{scale[2]}{after}"
    _, divisor, name = next(s for s in reversed(scales) if size >= s[0])
    number = _rounded(size / divisor, digits)
    for (_, smaller, _), (_, larger, larger_name) in pairwise(scales):
        if smaller == divisor and number * divisor >= larger:  # rounded up to the next
            number, name = _rounded(number * divisor / larger, digits), larger_name
            break
    sign = "-" if value < 0 else ""
    plain = _plain(number)
    if before and len(plain.partition(".")[2]) == 1:
        plain += "0"  # cents
    return f"{sign}{before}{plain}{name}{after}"


def _rounded(number: float, digits: int) -> float:
    return round(number, max(0, digits - 1 - math.floor(math.log10(number))))


def _plain(number: float) -> str:
    """Write a number without an exponent."""
    return f"{number:.15f}".rstrip("0").rstrip(".") if number < 1 else f"{number:.10g}"
