"""What the environment says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingError(ValueError):
    """A variable of the environment has a value that cannot be used."""


@dataclass(frozen=True)
class Settings:
    """The README lists the variables."""

    lm: str | None
    lm_base_url: str | None
    lm_api_key: str | None = field(repr=False)
    lm_timeout: float
    lm_retries: int
    cache: str
    cache_dir: str | None
    faults: bool

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        cache, cache_dir = env.get("DSPY_LM_CACHE", "memory"), env.get("DSPY_LM_CACHE_DIR") or None
        if cache not in ("memory", "disk", "off"):
            raise SettingError(f"DSPY_LM_CACHE is {cache!r}: set memory, disk or off")
        if cache == "disk" and not cache_dir:
            raise SettingError(
                "DSPY_LM_CACHE is disk: set DSPY_LM_CACHE_DIR to a private directory"
            )
        return cls(
            lm=env.get("DSPY_LM") or None,
            lm_base_url=env.get("DSPY_LM_BASE_URL") or None,
            lm_api_key=env.get("DSPY_LM_API_KEY") or None,
            lm_timeout=_number(env, "DSPY_LM_TIMEOUT", 60, minimum=0.001),
            lm_retries=int(_number(env, "DSPY_LM_RETRIES", 3, minimum=0)),
            cache=cache,
            cache_dir=cache_dir,
            faults=env.get("DSPY_SERVICE_FAULTS") == "1",
        )


def _number(env: Mapping[str, str], name: str, default: float, minimum: float) -> float:
    try:
        value = float(env.get(name) or default)
    except ValueError:
        value = float("nan")
    if not minimum <= value < float("inf"):
        raise SettingError(f"{name} is {env[name]!r}: set a number from {minimum:g}")
    return value
