"""Cohere's own client."""

from typing import Any

import cohere
import httpx
from cohere.core import ApiError

from seen import Call, Seen


class Client:
    def __init__(self, url: str) -> None:
        options: Any = {"api_key": "none", "base_url": url, "timeout": 60}
        self.sync, self.async_ = cohere.ClientV2(**options), cohere.AsyncClientV2(**options)

    def stream(self, call: Call) -> Any:
        return self.sync.chat_stream(**asked(call))

    async def stream_async(self, call: Call) -> Any:
        return self.async_.chat_stream(**asked(call))

    def whole(self, call: Call) -> Any:
        return self.sync.chat(**asked(call))

    async def whole_async(self, call: Call) -> Any:
        return await self.async_.chat(**asked(call))

    def opened(self, seen: Seen, stream: Any) -> None:
        pass

    def close(self, stream: Any) -> None:
        stream.close()

    async def close_async(self, stream: Any) -> None:
        await stream.aclose()

    def read(self, seen: Seen, part: Any) -> None:
        match part.type:
            case "content-delta":
                seen.content(part.delta.message.content.text)
            case "message-end":
                seen.finished = True
                if part.delta.finish_reason == "ERROR":
                    seen.outcome = "failure"
                usage(seen, part.delta.usage)

    def read_whole(self, seen: Seen, whole: Any) -> None:
        seen.text = whole.message.content[0].text
        usage(seen, whole.usage)

    def failure(self, error: Exception) -> str:
        match error:
            case ApiError(status_code=429):
                return "rate_limit"
            case ApiError(status_code=400):
                return "invalid_input"
            case ApiError(status_code=503) | httpx.TransportError():
                return "upstream_unavailable"
        return ""


def asked(call: Call) -> Any:
    return {
        "model": "command-r",
        "messages": [{"role": "user", "content": call.prompt}],
        "request_options": {"max_retries": 0},
    }


def usage(seen: Seen, usage: Any) -> None:
    if usage is not None:
        billed = usage.billed_units
        seen.count(input=int(billed.input_tokens), output=int(billed.output_tokens))
