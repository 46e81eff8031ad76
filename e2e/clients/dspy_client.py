"""A DSPy program, whose language model is behind the service."""

import os
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would fetch its prices

import dspy
from dspy.streaming import StreamListener, StreamResponse

from seen import Call, Seen

dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
dspy.configure(
    track_usage=True,
    max_history_size=1,
    adapter=dspy.ChatAdapter(use_json_adapter_fallback=False),
)


class Client:
    def __init__(self, url: str) -> None:
        options: Any = {"api_key": "none", "num_retries": 0, "timeout": 60, "cache": False}
        self.models = {
            "openai": dspy.LM("openai/gpt-4o-mini", api_base=f"{url}/v1", **options),
            "anthropic": dspy.LM("anthropic/claude-sonnet-4-5", api_base=f"{url}/v1", **options),
            "litellm": dspy.LM(
                "openai/gpt-4o-mini", api_base=f"{url}/v1", engine="litellm", **options
            ),
        }

    def program(self, call: Call) -> dspy.Predict:
        program = dspy.Predict("question -> answer")
        program.set_lm(self.models[call.call])
        return program

    def stream(self, call: Call) -> Any:
        streamed = dspy.streamify(self.program(call), **options(), async_streaming=False)
        return streamed(question=call.prompt)

    async def stream_async(self, call: Call) -> Any:
        streamed = dspy.streamify(self.program(call), **options(), is_async_program=True)
        return streamed(question=call.prompt)

    def whole(self, call: Call) -> Any:
        return self.program(call)(question=call.prompt)

    async def whole_async(self, call: Call) -> Any:
        return await self.program(call).acall(question=call.prompt)

    def opened(self, seen: Seen, stream: Any) -> None:
        pass

    def close(self, stream: Any) -> None:
        stream.close()

    async def close_async(self, stream: Any) -> None:
        await stream.aclose()

    def read(self, seen: Seen, part: Any) -> None:
        match part:
            case StreamResponse():
                seen.content(part.chunk)
            case dspy.Prediction():
                self.read_whole(seen, part)

    def read_whole(self, seen: Seen, whole: Any) -> None:
        seen.finished, seen.text = True, whole.answer
        usages = whole.get_lm_usage() or {}
        for usage in usages.values():
            read = usage.get("prompt_tokens_details") or {}
            written = usage.get("completion_tokens_details") or {}
            seen.count(
                input=usage.get("prompt_tokens"),  # DSPy overlooks some of Anthropic's
                output=usage["completion_tokens"],
                cache_read=read.get("cached_tokens"),
                cache_write=read.get("cache_creation_tokens"),
                reasoning=written.get("reasoning_tokens"),
            )
            seen.cost = usage.get("cost")

    def failure(self, error: Exception) -> str:
        match error:
            case dspy.LMServerError() if "MidStreamFallbackError" in str(error):
                return ""  # LiteLLM's, of any failure in the middle of a stream
            case dspy.LMRateLimitError():
                return "rate_limit"
            case dspy.LMServerError() | dspy.LMTransportError():
                return "upstream_unavailable"
            case dspy.LMInvalidRequestError():
                return "invalid_input"
        return ""


def options() -> Any:
    return {"stream_listeners": [StreamListener("answer")]}
