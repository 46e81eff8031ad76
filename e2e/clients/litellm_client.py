"""LiteLLM as a library: it asks OpenAI's API by OpenAI's client, and Anthropic's by its own."""

import os
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would fetch its prices

import litellm

from seen import Call, Seen

litellm.suppress_debug_info = True


class Client:
    def __init__(self, url: str) -> None:
        self.url = url

    def asked(self, call: Call) -> Any:
        base = f"{self.url}/v1" if call.call == "openai" else self.url
        model = "gpt-4o-mini" if call.call == "openai" else "claude-sonnet-4-5"
        asked = {
            "model": f"{call.call}/{model}",
            "messages": [{"role": "user", "content": call.prompt}],
            "api_base": base,
            "api_key": "none",
            "num_retries": 0,
            "max_retries": 0,
            "timeout": 60,
            "stream": call.stream,
        }
        return asked | ({"stream_options": {"include_usage": True}} if call.stream else {})

    def stream(self, call: Call) -> Any:
        return litellm.completion(**self.asked(call))

    async def stream_async(self, call: Call) -> Any:
        return await litellm.acompletion(**self.asked(call))

    def whole(self, call: Call) -> Any:
        return litellm.completion(**self.asked(call))

    async def whole_async(self, call: Call) -> Any:
        return await litellm.acompletion(**self.asked(call))

    def opened(self, seen: Seen, stream: Any) -> None:
        pass

    def close(self, stream: Any) -> None:
        # It has no such method, and httpcore may deadlock when the garbage collector does it.
        source = stream.completion_stream
        getattr(source, "streaming_response", source).close()

    async def close_async(self, stream: Any) -> None:
        await stream.aclose()

    def read(self, seen: Seen, part: Any) -> None:
        usage(seen, getattr(part, "usage", None))
        for choice in part.choices:
            seen.content(choice.delta.content)
            seen.finished = seen.finished or choice.finish_reason is not None

    def read_whole(self, seen: Seen, whole: Any) -> None:
        seen.text = whole.choices[0].message.content
        usage(seen, whole.usage)

    def failure(self, error: Exception) -> str:
        match error:
            case litellm.exceptions.MidStreamFallbackError():
                return ""  # of any failure in the middle of a stream
            case litellm.RateLimitError():
                return "rate_limit"
            case litellm.BadRequestError():
                return "invalid_input"
            case litellm.APIConnectionError() | litellm.InternalServerError():
                return "upstream_unavailable"
            case litellm.ServiceUnavailableError():
                return "upstream_unavailable"
        return ""


def usage(seen: Seen, usage: Any) -> None:
    if usage is None:
        return
    read, written = usage.prompt_tokens_details, usage.completion_tokens_details
    seen.count(
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cache_read=read and read.cached_tokens,
        cache_write=read and getattr(read, "cache_creation_tokens", None),
        reasoning=written and written.reasoning_tokens,
    )
    seen.cost = getattr(usage, "cost", None)
