"""Makes calls with a provider's own client, and says what the client read.

    python run.py CLIENT < CALLS > SEEN

Each line of CALLS is a call and each line of SEEN is what came of one, in JSON. The calls of each
way, sync and async, are made several at a time.
"""

import asyncio
import faulthandler
import importlib
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from seen import Call, Seen

LONGEST = 240  # seconds
THREADS = 6
TASKS = 24

Clients = Callable[[Call], Any]


def make(client: Any, call: Call) -> Seen:
    """Make a call in the synchronous way."""
    seen = Seen(call.id)
    try:
        if not call.stream:
            client.read_whole(seen, client.whole(call))
            return seen
        stream = client.stream(call)
        try:
            client.opened(seen, stream)
            for part in stream:
                client.read(seen, part)
                if call.leave and seen.text:
                    seen.outcome = "canceled"
                    return seen
        finally:
            client.close(stream)
        seen.end()
    except Exception as error:
        fail(client, seen, error)
    return seen


async def make_async(client: Any, call: Call) -> Seen:
    seen = Seen(call.id)
    try:
        if not call.stream:
            client.read_whole(seen, await client.whole_async(call))
            return seen
        stream = await client.stream_async(call)
        try:
            client.opened(seen, stream)
            async for part in stream:
                client.read(seen, part)
                if call.leave and seen.text:
                    seen.outcome = "canceled"
                    return seen
        finally:
            await client.close_async(stream)
        seen.end()
    except Exception as error:
        fail(client, seen, error)
    return seen


def fail(client: Any, seen: Seen, error: Exception) -> None:
    seen.error = f"{type(error).__name__}: {error}"[:300]
    seen.outcome, seen.failure = "failure", client.failure(error)


async def make_all(clients: Clients, calls: list[Call], say: Callable[[Seen], None]) -> None:
    tasks = asyncio.Semaphore(TASKS)

    async def make_one(call: Call) -> None:
        async with tasks:
            say(await make_async(clients(call), call))

    await asyncio.gather(*(make_one(call) for call in calls))


def main(name: str) -> None:
    kind = importlib.import_module(f"{name}_client").Client
    calls = [Call(**json.loads(line)) for line in sys.stdin]
    by_url = {url: kind(url) for url in {call.url for call in calls}}

    def client(call: Call) -> Any:
        return by_url[call.url]

    def say(seen: Seen) -> None:
        sys.stdout.write(seen.line() + "\n")

    faulthandler.dump_traceback_later(LONGEST, exit=True)
    started = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        synchronous = [call for call in calls if call.way == "sync"]
        made = pool.map(lambda call: say(make(client(call), call)), synchronous)
        asyncio.run(make_all(client, [call for call in calls if call.way == "async"], say))
        list(made)
    sys.stderr.write(f"{len(calls)} calls in {time.monotonic() - started:.1f} s\n")


if __name__ == "__main__":
    main(sys.argv[1])
