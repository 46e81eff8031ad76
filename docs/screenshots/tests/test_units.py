import math

import pytest

from units import UnknownUnitError, written


@pytest.mark.parametrize(
    ("value", "unit", "want"),
    [
        (0, "s", "0 s"),
        (0, "percentunit", "0%"),
        (0, "currencyUSD", "$0"),
        (4.2e-5, "s", "42 µs"),
        (0.0123, "s", "12.3 ms"),
        (0.99949, "s", "999 ms"),
        (0.9996, "s", "1 s"),
        (59.96, "s", "1 mins"),
        (59.94, "s", "59.9 s"),
        (5400, "s", "1.5 hours"),
        (-0.5, "s", "-500 ms"),
        (0.9912, "percentunit", "99.1%"),
        (0.99996, "percentunit", "100%"),
        (-9.91, "percentunit", "-991%"),
        (1023, "bytes", "1023 B"),
        (1024, "bytes", "1 KiB"),
        (3 * 1024**2 / 2, "bytes", "1.5 MiB"),
        (12, "short", "12"),
        (999.6, "short", "1 K"),
        (3960, "short", "3.96 K"),
        (2.5e6, "short", "2.5 Mil"),
        (0.0333, "reqps", "0.0333 req/s"),
        (1234, "reqps", "1.23K req/s"),
        (950, "cps", "950 c/s"),
        (2.5, "ops", "2.5 ops/s"),
        (0.000104, "currencyUSD", "$0.000104"),
        (0.3, "currencyUSD", "$0.30"),
        (-1234, "currencyUSD", "-$1.23K"),
        (14.4, "none", "14.4"),
        (12345, "none", "12345"),
        (math.nan, "s", "nan"),
        (math.inf, "short", "inf"),
    ],
)
def test_written(value: float, unit: str, want: str) -> None:
    assert written(value, unit) == want


def test_digits() -> None:
    assert written(1.025, "percentunit", 4) == "102.5%"


def test_unknown_unit() -> None:
    with pytest.raises(UnknownUnitError, match="'furlong'"):
        written(1, "furlong")
