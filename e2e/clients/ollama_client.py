"""Ollama's own client."""

from typing import Any

import ollama

from seen import Call, Seen


class Client:
    def __init__(self, url: str) -> None:
        self.sync, self.async_ = ollama.Client(url, timeout=60), ollama.AsyncClient(url, timeout=60)

    def stream(self, call: Call) -> Any:
        return self.sync.chat(**asked(call), stream=True)

    async def stream_async(self, call: Call) -> Any:
        return await self.async_.chat(**asked(call), stream=True)

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
        seen.content(part.message.content)
        seen.finished = bool(part.done)
        seen.count(input=part.prompt_eval_count, output=part.eval_count)

    def read_whole(self, seen: Seen, whole: Any) -> None:
        seen.text = whole.message.content
        seen.count(input=whole.prompt_eval_count, output=whole.eval_count)

    def failure(self, error: Exception) -> str:
        match error:
            case ollama.ResponseError(status_code=429):
                return "rate_limit"
            case ollama.ResponseError(status_code=400):
                return "invalid_input"
            case ollama.ResponseError(status_code=503):
                return "upstream_unavailable"
        return ""


def asked(call: Call) -> Any:
    return {"model": "llama3", "messages": [{"role": "user", "content": call.prompt}]}
