"""Google's own client."""

from typing import Any

from google import genai
from google.genai import errors, types

from seen import Call, Seen


class Client:
    def __init__(self, url: str) -> None:
        options = types.HttpOptions(base_url=url, timeout=60_000)
        self.client = genai.Client(api_key="none", http_options=options)

    def stream(self, call: Call) -> Any:
        return self.client.models.generate_content_stream(**asked(call))

    async def stream_async(self, call: Call) -> Any:
        return await self.client.aio.models.generate_content_stream(**asked(call))

    def whole(self, call: Call) -> Any:
        return self.client.models.generate_content(**asked(call))

    async def whole_async(self, call: Call) -> Any:
        return await self.client.aio.models.generate_content(**asked(call))

    def opened(self, seen: Seen, stream: Any) -> None:
        pass

    def close(self, stream: Any) -> None:
        stream.close()

    async def close_async(self, stream: Any) -> None:
        await stream.aclose()

    def read(self, seen: Seen, part: Any) -> None:
        seen.content(part.text)
        if part.candidates and part.candidates[0].finish_reason is not None:
            seen.finished = True
        usage(seen, part.usage_metadata)

    def read_whole(self, seen: Seen, whole: Any) -> None:
        seen.text = whole.text
        usage(seen, whole.usage_metadata)

    def failure(self, error: Exception) -> str:
        match error:
            case errors.APIError(code=429):
                return "rate_limit"
            case errors.ClientError():
                return "invalid_input"
            case errors.ServerError():
                return "upstream_unavailable"
        return ""


def asked(call: Call) -> Any:
    return {"model": "gemini-2.5-flash", "contents": call.prompt}


def usage(seen: Seen, usage: Any) -> None:
    if usage is None:  # of an error, which this client does not see
        return
    thoughts = usage.thoughts_token_count
    seen.count(
        input=usage.prompt_token_count,
        output=(usage.candidates_token_count or 0) + (thoughts or 0),
        cache_read=usage.cached_content_token_count,
        reasoning=thoughts,
    )
