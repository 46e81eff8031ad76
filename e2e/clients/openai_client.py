"""OpenAI's own client."""

from typing import Any

import openai

from seen import Call, Seen

MODEL = "gpt-4o-mini"


class Client:
    def __init__(self, url: str) -> None:
        options: Any = {"base_url": f"{url}/v1", "api_key": "none", "max_retries": 0, "timeout": 60}
        self.sync, self.async_ = openai.OpenAI(**options), openai.AsyncOpenAI(**options)

    def stream(self, call: Call) -> Any:
        return ask(self.sync, call, stream=True)

    async def stream_async(self, call: Call) -> Any:
        return await ask(self.async_, call, stream=True)

    def whole(self, call: Call) -> Any:
        return ask(self.sync, call)

    async def whole_async(self, call: Call) -> Any:
        return await ask(self.async_, call)

    def close(self, stream: Any) -> None:
        stream.close()

    async def close_async(self, stream: Any) -> None:
        await stream.close()

    def opened(self, seen: Seen, stream: Any) -> None:
        pass

    def read(self, seen: Seen, part: Any) -> None:
        usage(seen, part.usage)
        for choice in part.choices:
            seen.content(choice.delta.content if hasattr(choice, "delta") else choice.text)
            seen.finished = seen.finished or choice.finish_reason is not None

    def read_whole(self, seen: Seen, whole: Any) -> None:
        if whole.object == "list":  # of embeddings
            seen.text = "one two three" if whole.data[0].embedding == [1, 2, 3] else ""
            seen.count(input=whole.usage.prompt_tokens)
            return
        usage(seen, whole.usage)
        choice = whole.choices[0]
        seen.text = choice.message.content if hasattr(choice, "message") else choice.text

    def failure(self, error: Exception) -> str:
        match error:
            case openai.RateLimitError():
                return "rate_limit"
            case openai.BadRequestError():
                return "invalid_input"
            case openai.InternalServerError() | openai.APIConnectionError():
                return "upstream_unavailable"
            case openai.APIError(code="rate_limit_exceeded"):
                return "rate_limit"
            case openai.APIError(code="engine_overloaded"):
                return "upstream_unavailable"
        return ""


def ask(client: Any, call: Call, **options: Any) -> Any:
    match call.call:
        case "chat":
            if options:
                options["stream_options"] = {"include_usage": True}
            messages: Any = [{"role": "user", "content": call.prompt}]
            return client.chat.completions.create(model=MODEL, messages=messages, **options)
        case "completions":
            return client.completions.create(model=MODEL, prompt=call.prompt, **options)
        case "embeddings":
            return client.embeddings.create(
                model="text-embedding-3-small", input=call.prompt, encoding_format="float"
            )
    raise ValueError(call.call)


def usage(seen: Seen, usage: Any) -> None:
    if usage is None:
        return
    seen.count(
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cache_read=usage.prompt_tokens_details.cached_tokens,
        reasoning=usage.completion_tokens_details.reasoning_tokens,
    )
    seen.cost = usage.model_extra["cost"]
