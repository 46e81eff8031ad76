"""The language model and DSPy's cache, as the settings choose them."""

import os

import dspy

from dspy_metrics import UsageCallback
from failures import TimeoutCallback
from offline_lm import offline_lm
from settings import Settings

# LiteLLM, which DSPy falls back to, would fetch its prices from the network.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


def configure(settings: Settings) -> dspy.LM:
    """Configure DSPy for this process and return its language model."""
    dspy.configure_cache(
        enable_memory_cache=settings.cache != "off",
        enable_disk_cache=settings.cache == "disk",
        disk_cache_dir=settings.cache_dir,
        restrict_pickle=True,
    )
    lm = _lm(settings)
    dspy.configure(
        lm=lm,
        callbacks=[UsageCallback(), TimeoutCallback()],
        track_usage=True,
        # Every LM and module keeps what it was asked and answered; nobody reads it here.
        max_history_size=1,
    )
    return lm


def _lm(settings: Settings) -> dspy.LM:
    if settings.lm is None:
        return offline_lm()
    connection = {"api_base": settings.lm_base_url, "api_key": settings.lm_api_key}
    return dspy.LM(
        settings.lm,
        num_retries=settings.lm_retries,
        timeout=settings.lm_timeout,
        **{name: value for name, value in connection.items() if value},
    )
