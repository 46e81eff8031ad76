"""Amazon's own client, which is synchronous."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from seen import Call, Seen


class Client:
    def __init__(self, url: str) -> None:
        self.client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106
            config=Config(retries={"max_attempts": 0}, read_timeout=60, max_pool_connections=50),
        )

    def stream(self, call: Call) -> Any:
        return self.client.converse_stream(**asked(call))["stream"]

    def whole(self, call: Call) -> Any:
        return self.client.converse(**asked(call))

    def opened(self, seen: Seen, stream: Any) -> None:
        pass

    def close(self, stream: Any) -> None:
        stream.close()

    def read(self, seen: Seen, part: Any) -> None:
        match part:
            case {"contentBlockDelta": {"delta": {"text": text}}}:
                seen.content(text)
            case {"messageStop": {"stopReason": str()}}:
                seen.finished = True
            case {"metadata": {"usage": counts}}:
                usage(seen, counts)

    def read_whole(self, seen: Seen, whole: Any) -> None:
        seen.text = whole["output"]["message"]["content"][0]["text"]
        usage(seen, whole["usage"])

    def failure(self, error: Exception) -> str:
        if not isinstance(error, ClientError | EventStreamError):
            return ""
        return {
            "throttlingException": "rate_limit",
            "validationException": "invalid_input",
            "serviceUnavailableException": "upstream_unavailable",
        }.get(error.response["Error"]["Code"], "")


def asked(call: Call) -> Any:
    messages = [{"role": "user", "content": [{"text": call.prompt}]}]
    return {"modelId": "anthropic.claude", "messages": messages}


def usage(seen: Seen, usage: dict[str, int]) -> None:
    read, written = usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]
    seen.count(
        input=usage["inputTokens"] + read + written,
        output=usage["outputTokens"],
        cache_read=read,
        cache_write=written,
    )
