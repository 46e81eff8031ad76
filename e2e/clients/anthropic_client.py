"""Anthropic's own client."""

from typing import Any

import anthropic

from seen import Call, Seen


class Client:
    def __init__(self, url: str) -> None:
        options: Any = {"base_url": url, "api_key": "none", "max_retries": 0, "timeout": 60}
        self.sync, self.async_ = anthropic.Anthropic(**options), anthropic.AsyncAnthropic(**options)

    def stream(self, call: Call) -> Any:
        if call.call == "helper":
            return self.sync.messages.stream(**asked(call)).__enter__()
        return self.sync.messages.create(**asked(call), stream=True)

    async def stream_async(self, call: Call) -> Any:
        if call.call == "helper":
            return await self.async_.messages.stream(**asked(call)).__aenter__()
        return await self.async_.messages.create(**asked(call), stream=True)

    def whole(self, call: Call) -> Any:
        raw = self.sync.messages.with_raw_response.create(**asked(call))
        return raw.parse(), raw.headers

    async def whole_async(self, call: Call) -> Any:
        raw = await self.async_.messages.with_raw_response.create(**asked(call))
        return await raw.parse(), raw.headers

    def close(self, stream: Any) -> None:
        stream.close()

    async def close_async(self, stream: Any) -> None:
        await stream.close()

    def opened(self, seen: Seen, stream: Any) -> None:
        seen.cost = float(stream.response.headers["x-litellm-response-cost"])

    def read(self, seen: Seen, part: Any) -> None:
        match part.type:
            case "message_start":
                usage(seen, part.message.usage)
            case "content_block_delta":
                seen.content(part.delta.text)
            case "message_delta":
                seen.finished = part.delta.stop_reason is not None
                usage(seen, part.usage)

    def read_whole(self, seen: Seen, whole: Any) -> None:
        message, headers = whole
        seen.text = message.content[0].text
        usage(seen, message.usage)
        seen.cost = float(headers["x-litellm-response-cost"])

    def failure(self, error: Exception) -> str:
        kind = getattr(error, "type", None) or ""
        match error:
            case anthropic.RateLimitError():
                return "rate_limit"
            case anthropic.BadRequestError():
                return "invalid_input"
            case anthropic.InternalServerError() | anthropic.APIConnectionError():
                return "upstream_unavailable"
            case anthropic.APIStatusError() if kind == "rate_limit_error":
                return "rate_limit"
            case anthropic.APIStatusError() if kind == "overloaded_error":
                return "upstream_unavailable"
        return ""


def asked(call: Call) -> Any:
    messages = [{"role": "user", "content": call.prompt}]
    return {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": messages}


def usage(seen: Seen, usage: Any) -> None:
    """The last value of each count is the one that holds."""
    said = usage.model_dump()
    seen.raw |= {name: count for name, count in said.items() if isinstance(count, int)}
    read, written = seen.raw["cache_read_input_tokens"], seen.raw["cache_creation_input_tokens"]
    seen.count(
        input=seen.raw["input_tokens"] + read + written,
        output=seen.raw["output_tokens"],
        cache_read=read,
        cache_write=written,
    )
