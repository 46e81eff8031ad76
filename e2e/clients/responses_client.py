"""OpenAI's own client, with the Responses API."""

from typing import Any

import openai_client
from seen import Call, Seen


class Client(openai_client.Client):
    def stream(self, call: Call) -> Any:
        return self.sync.responses.create(model="gpt-5", input=call.prompt, stream=True)

    async def stream_async(self, call: Call) -> Any:
        return await self.async_.responses.create(model="gpt-5", input=call.prompt, stream=True)

    def whole(self, call: Call) -> Any:
        return self.sync.responses.create(model="gpt-5", input=call.prompt)

    async def whole_async(self, call: Call) -> Any:
        return await self.async_.responses.create(model="gpt-5", input=call.prompt)

    def read(self, seen: Seen, part: Any) -> None:
        match part.type:
            case "response.output_text.delta":
                seen.content(part.delta)
            case "response.completed":
                seen.finished = True
                usage(seen, part.response.usage)
            case "response.failed":
                seen.outcome = "failure"
                if part.response.error.code == "rate_limit_exceeded":
                    seen.failure = "rate_limit"

    def read_whole(self, seen: Seen, whole: Any) -> None:
        seen.text = whole.output_text
        usage(seen, whole.usage)


def usage(seen: Seen, usage: Any) -> None:
    seen.count(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.input_tokens_details.cached_tokens,
        reasoning=usage.output_tokens_details.reasoning_tokens,
    )
    seen.cost = usage.model_extra["cost"]
