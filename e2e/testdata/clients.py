"""Runs the Python clients of language models' providers against a base URL.

    clients.py CLIENT URL STREAMS

It asks for STREAMS streams of each of three models, whose connections end 0, 2
and 20 ms after the answer, half of them with the synchronous client; then for
whole answers, for errors, and for streams that it leaves early. It prints what
it read as one line of JSON.
"""

import asyncio
import json
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

PROMPT = "What is the answer?"
WHOLE = 20
ERRORS = ("rate_limit", "overloaded", "invalid", "server")
LEFT = 5
THREADS = 8
TASKS = 16


class Seen:
    """What a client read."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = Counter()
        self.tokens = Counter()
        self.cost = 0.0

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def spend(self, cost=0.0, **tokens):
        with self.lock:
            self.cost += cost or 0.0
            for name, tokens_of_type in tokens.items():
                self.tokens[name] += tokens_of_type or 0

    def stream(self, text):
        self.count("streams" if text else "empty streams")


class OpenAI:
    """Chat completions, responses and embeddings."""

    def __init__(self, url, seen):
        import openai

        self.seen, self.error = seen, openai.APIStatusError
        options = {"base_url": url + "/v1", "api_key": "none", "max_retries": 0}
        self.client, self.aclient = openai.OpenAI(**options), openai.AsyncOpenAI(**options)

    def request(self, model, stream):
        request = {"model": model, "messages": [{"role": "user", "content": PROMPT}]}
        return request | ({"stream": True, "stream_options": {"include_usage": True}} if stream else {})

    def usage(self, usage):
        self.seen.spend(
            cost=usage.model_extra.get("cost"),
            input=usage.prompt_tokens,
            output=usage.completion_tokens,
            cache_read=usage.prompt_tokens_details.cached_tokens,
            reasoning=usage.completion_tokens_details.reasoning_tokens,
        )

    def response_usage(self, usage):
        self.seen.spend(
            input=usage.input_tokens,
            output=usage.output_tokens,
            cache_read=usage.input_tokens_details.cached_tokens,
            reasoning=usage.output_tokens_details.reasoning_tokens,
        )

    def part(self, chunk):
        if chunk.usage:
            self.usage(chunk.usage)
        return (chunk.choices[0].delta.content or "") if chunk.choices else ""

    def event(self, event):
        if event.type == "response.completed":
            self.response_usage(event.response.usage)
        return event.delta if event.type == "response.output_text.delta" else ""

    def stream(self, model, turn):
        if turn % 4 == 0:
            events = self.client.responses.create(model=model, input=PROMPT, stream=True)
            return self.seen.stream("".join(self.event(event) for event in events))
        chunks = self.client.chat.completions.create(**self.request(model, True))
        self.seen.stream("".join(self.part(chunk) for chunk in chunks))

    async def astream(self, model, turn):
        if turn % 4 == 0:
            events = await self.aclient.responses.create(model=model, input=PROMPT, stream=True)
            return self.seen.stream("".join([self.event(event) async for event in events]))
        chunks = await self.aclient.chat.completions.create(**self.request(model, True))
        self.seen.stream("".join([self.part(chunk) async for chunk in chunks]))

    def whole(self, model, turn):
        if turn % 3 == 0:
            embedding = self.client.embeddings.create(model=model, input=PROMPT, encoding_format="float")
            return self.seen.spend(input=embedding.usage.prompt_tokens)
        if turn % 3 == 1:
            return self.response_usage(self.client.responses.create(model=model, input=PROMPT).usage)
        self.usage(self.client.chat.completions.create(**self.request(model, False)).usage)

    def leave(self, model):
        with self.client.chat.completions.create(**self.request(model, True)) as chunks:
            for chunk in chunks:
                if self.part(chunk):
                    return


class Anthropic:
    """Messages."""

    def __init__(self, url, seen):
        import anthropic

        self.seen, self.error = seen, anthropic.APIStatusError
        options = {"base_url": url, "api_key": "none", "max_retries": 0}
        self.client, self.aclient = anthropic.Anthropic(**options), anthropic.AsyncAnthropic(**options)

    def request(self, model):
        return {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": PROMPT}]}

    def usage(self, usage):
        read, written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
        self.seen.spend(
            input=usage.input_tokens + read + written, output=usage.output_tokens, cache_read=read, cache_write=written
        )

    def stream(self, model, turn):
        with self.client.messages.stream(**self.request(model)) as stream:
            text = "".join(stream.text_stream)
            self.usage(stream.get_final_message().usage)
        self.seen.stream(text)

    async def astream(self, model, turn):
        async with self.aclient.messages.stream(**self.request(model)) as stream:
            text = "".join([part async for part in stream.text_stream])
            self.usage((await stream.get_final_message()).usage)
        self.seen.stream(text)

    def whole(self, model, turn):
        self.usage(self.client.messages.create(**self.request(model)).usage)

    def leave(self, model):
        with self.client.messages.stream(**self.request(model)) as stream:
            next(iter(stream.text_stream))
            self.usage(stream.current_message_snapshot.usage)  # it was spent all the same


class LiteLLM(OpenAI):
    """Chat completions through LiteLLM's client."""

    def __init__(self, url, seen):
        import litellm
        import openai

        litellm.suppress_debug_info = True
        self.litellm, self.seen, self.error = litellm, seen, openai.APIError
        self.options = {"api_base": url + "/v1", "api_key": "none", "num_retries": 0, "max_retries": 0}

    def request(self, model, stream):
        return super().request("openai/" + model, stream) | self.options

    def usage(self, usage):
        self.seen.spend(
            cost=getattr(usage, "cost", None),
            input=usage.prompt_tokens,
            output=usage.completion_tokens,
            cache_read=usage.prompt_tokens_details.cached_tokens,
            reasoning=usage.completion_tokens_details.reasoning_tokens,
        )

    def part(self, chunk):
        usage = getattr(chunk, "usage", None)
        if usage:
            self.usage(usage)
        return (chunk.choices[0].delta.content or "") if chunk.choices else ""

    def stream(self, model, turn):
        self.seen.stream("".join(self.part(chunk) for chunk in self.litellm.completion(**self.request(model, True))))

    async def astream(self, model, turn):
        chunks = await self.litellm.acompletion(**self.request(model, True))
        self.seen.stream("".join([self.part(chunk) async for chunk in chunks]))

    def whole(self, model, turn):
        self.usage(self.litellm.completion(**self.request(model, False)).usage)

    def leave(self, model):
        chunks = self.litellm.completion(**self.request(model, True))
        for chunk in chunks:
            if self.part(chunk):
                chunks.completion_stream.close()
                return


class DSPy:
    """Programs whose language model is behind the service."""

    def __init__(self, url, seen):
        import dspy

        self.dspy, self.seen, self.error = dspy, seen, Exception
        self.options = {"api_base": url + "/v1", "api_key": "none", "cache": False, "num_retries": 0}

    def lm(self, model):
        return self.dspy.LM("openai/" + model, **self.options)

    def usage(self, prediction):
        for usage in (prediction.get_lm_usage() or {}).values():
            self.seen.spend(
                # DSPy does not hand on what the provider states: see provider_test.go.
                cost=usage["prompt_tokens"] / 1024,
                input=usage["prompt_tokens"],
                output=usage["completion_tokens"],
                cache_read=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
                reasoning=(usage.get("completion_tokens_details") or {}).get("reasoning_tokens"),
            )

    async def run(self, model, stream):
        dspy = self.dspy
        # Plain text is what the provider answers: no adapter has to parse it.
        with dspy.context(lm=self.lm(model), adapter=PlainText(dspy), track_usage=True):
            program = dspy.Predict("question -> answer")
            if not stream:
                return self.usage(await program.acall(question=PROMPT))
            text = ""
            async for part in dspy.streamify(program)(question=PROMPT):
                if isinstance(part, dspy.Prediction):
                    self.usage(part)
                else:
                    text += part.choices[0].delta.content or "" if part.choices else ""
        self.seen.stream(text)

    def stream(self, model, turn):
        asyncio.run(self.run(model, True))

    async def astream(self, model, turn):
        await self.run(model, True)

    def whole(self, model, turn):
        asyncio.run(self.run(model, False))

    leave = None


def PlainText(dspy):
    """An adapter that takes the whole completion as the answer."""

    class Adapter(dspy.ChatAdapter):
        def parse(self, signature, completion):
            return {"answer": completion}

    return Adapter()


class GenAI:
    """Gemini."""

    def __init__(self, url, seen):
        from google import genai

        self.seen, self.error = seen, genai.errors.APIError
        self.client = genai.Client(api_key="none", http_options={"base_url": url})

    def usage(self, usage):
        self.seen.spend(
            input=usage.prompt_token_count,
            output=usage.candidates_token_count + usage.thoughts_token_count,
            cache_read=usage.cached_content_token_count,
            reasoning=usage.thoughts_token_count,
        )

    def stream(self, model, turn):
        text = ""
        for part in self.client.models.generate_content_stream(model=model, contents=PROMPT):
            text, last = text + (part.text or ""), part
        self.usage(last.usage_metadata)
        self.seen.stream(text)

    async def astream(self, model, turn):
        text = ""
        async for part in await self.client.aio.models.generate_content_stream(model=model, contents=PROMPT):
            text, last = text + (part.text or ""), part
        self.usage(last.usage_metadata)
        self.seen.stream(text)

    def whole(self, model, turn):
        self.usage(self.client.models.generate_content(model=model, contents=PROMPT).usage_metadata)

    leave = None


class Cohere:
    """The second version of its chat."""

    def __init__(self, url, seen):
        import cohere
        from cohere.core.api_error import ApiError

        self.seen, self.error = seen, ApiError
        options = {"api_key": "none", "base_url": url}
        self.client, self.aclient = cohere.ClientV2(**options), cohere.AsyncClientV2(**options)

    def request(self, model):
        # Its client tries again by itself, which would be a second prediction.
        return {
            "model": model,
            "messages": [{"role": "user", "content": PROMPT}],
            "request_options": {"max_retries": 0},
        }

    def usage(self, usage):
        self.seen.spend(input=int(usage.billed_units.input_tokens), output=int(usage.billed_units.output_tokens))

    def part(self, event):
        if event.type == "message-end":
            self.usage(event.delta.usage)
        return event.delta.message.content.text if event.type == "content-delta" else ""

    def stream(self, model, turn):
        self.seen.stream("".join(self.part(event) for event in self.client.chat_stream(**self.request(model))))

    async def astream(self, model, turn):
        self.seen.stream("".join([self.part(event) async for event in self.aclient.chat_stream(**self.request(model))]))

    def whole(self, model, turn):
        self.usage(self.client.chat(**self.request(model)).usage)

    leave = None


class Ollama:
    """Its chat, in lines of JSON."""

    def __init__(self, url, seen):
        import ollama

        self.seen, self.error = seen, ollama.ResponseError
        self.client, self.aclient = ollama.Client(url), ollama.AsyncClient(url)

    def request(self, model, stream):
        return {"model": model, "messages": [{"role": "user", "content": PROMPT}], "stream": stream}

    def part(self, line):
        if line.done:
            self.seen.spend(input=line.prompt_eval_count, output=line.eval_count)
        return line.message.content

    def stream(self, model, turn):
        self.seen.stream("".join(self.part(line) for line in self.client.chat(**self.request(model, True))))

    async def astream(self, model, turn):
        lines = await self.aclient.chat(**self.request(model, True))
        self.seen.stream("".join([self.part(line) async for line in lines]))

    def whole(self, model, turn):
        self.part(self.client.chat(**self.request(model, False)))

    leave = None


CLIENTS = {
    "openai": OpenAI,
    "anthropic": Anthropic,
    "litellm": LiteLLM,
    "dspy": DSPy,
    "genai": GenAI,
    "cohere": Cohere,
    "ollama": Ollama,
}


def main():
    name, url, streams = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seen = Seen()
    client = CLIENTS[name](url, seen)
    turns = [(f"wait-{(0, 2, 20)[turn % 3]}", turn) for turn in range(streams)]

    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(client.stream, *turn) for turn in turns[::2]]:
            done.result()

    async def together():
        places = asyncio.Semaphore(TASKS)

        async def one(turn):
            async with places:
                await client.astream(*turn)

        await asyncio.gather(*[one(turn) for turn in turns[1::2]])

    asyncio.run(together())

    for turn in range(WHOLE):
        client.whole("wait-0", turn)
        seen.count("whole")
    for kind in ERRORS:
        try:
            client.whole("fail-" + kind, 2)
        except client.error:
            seen.count(kind)
    for _ in range(LEFT if client.leave else 0):
        client.leave("slow-")
        seen.count("left")

    print(json.dumps({"counts": seen.counts, "tokens": seen.tokens, "cost": seen.cost}))


if __name__ == "__main__":
    main()
