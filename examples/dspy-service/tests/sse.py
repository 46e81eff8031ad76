"""Reads server-sent events as strictly as this service writes them."""

from typing import NamedTuple


class Event(NamedTuple):
    name: str
    data: str


def parse(text: str) -> list[Event]:
    assert text.endswith("\n\n")
    events = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        lines = block.split("\n")
        name = lines.pop(0).removeprefix("event: ") if lines[0].startswith("event: ") else ""
        assert len(lines) == 1
        assert lines[0].startswith("data: ")
        events.append(Event(name, lines[0].removeprefix("data: ")))
    return events
