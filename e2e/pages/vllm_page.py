"""Writes the page of vLLM's metrics, as text or as openmetrics.

The metrics are those of vLLM's own PrometheusStatLogger. What else it imports,
such as PyTorch, is not installed: no model runs, so that a stand-in will do.
"""

import enum
import importlib.machinery
import sys
import types
from pathlib import Path
from unittest.mock import MagicMock

import prometheus_client
from prometheus_client.exposition import choose_encoder

# The modules that define metrics.
GENUINE = (
    "vllm.v1.metrics",
    "vllm.v1.spec_decode.metrics",
    "vllm.distributed.kv_transfer.kv_connector.v1.metrics",
    "vllm.distributed.ec_transfer.ec_connector.metrics",
)
ACCEPT = {
    "text": "text/plain;version=0.0.4",
    "openmetrics": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
}


class Reason(enum.IntEnum):
    """Why a request ended."""

    STOP = 0
    LENGTH = 1
    ABORT = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class StandIn(types.ModuleType):
    """A module that has every name."""

    FinishReason = Reason

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        value = type(name, (), {}) if name[0].isupper() else MagicMock()
        setattr(self, name, value)
        return value


class Finder:
    """Puts a stand-in in place of what is not installed."""

    def find_spec(self, name, path=None, target=None):
        del path, target
        needed = ("torch", "numpy", "regex", "msgspec", "vllm")
        if name.split(".")[0] not in needed or name.startswith(GENUINE):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        module.__path__ = [str(Path(place, *module.__name__.split("."))) for place in sys.path if place]


def used(collector) -> None:
    """Gives every series of a metric a value."""
    children = getattr(collector, "_metrics", None)
    if not isinstance(children, dict):
        return  # the process's own
    for child in children.values():
        if hasattr(child, "observe"):
            child.observe(0.02)
        elif hasattr(child, "set"):
            child.set(1)
        else:
            child.inc()


def main() -> None:
    sys.meta_path.insert(0, Finder())
    from vllm.v1.metrics import loggers

    config = MagicMock()
    config.model_config.served_model_name, config.model_config.max_model_len = "model", 4096
    config.observability_config.custom_histogram_buckets = None
    config.observability_config.show_hidden_metrics = False
    config.cache_config.metrics_info.return_value = {"block_size": "16", "num_gpu_blocks": "100"}
    config.kv_transfer_config = config.ec_transfer_config = config.lora_config = None
    config.speculative_config.num_speculative_tokens = 2
    loggers.PrometheusStatLogger(config, [0]).log_engine_initialized()
    for collector in list(prometheus_client.REGISTRY._collector_to_names):
        used(collector)
    encode, _ = choose_encoder(ACCEPT[sys.argv[1]])
    sys.stdout.buffer.write(encode(prometheus_client.REGISTRY))


main()
