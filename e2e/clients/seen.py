"""A call to make, and what a client read of its answer."""

import json
import time
from dataclasses import asdict, dataclass, field


@dataclass
class Call:
    id: int
    url: str
    way: str
    """sync or async."""
    call: str
    """Which of the client's calls."""
    prompt: str
    stream: bool = False
    leave: bool = False
    """Whether to break off at the first content."""


@dataclass
class Seen:
    id: int
    outcome: str = "success"
    """success, failure or canceled."""
    failure: str = ""
    """The error type, where the client says which it is."""
    text: str = ""
    first_token: float | None = None
    """Seconds from the call to the first content of a stream."""
    tokens: dict[str, int] = field(default_factory=dict)
    """The last ones that were read, by token type."""
    cost: float | None = None
    error: str = ""
    finished: bool = False
    """Whether the stream said why it ended."""
    raw: dict[str, int] = field(default_factory=dict)
    """The counts as the provider names them, where some of them come later than others."""
    started: float = field(default_factory=time.monotonic)

    def content(self, text: str | None) -> None:
        if text and self.first_token is None:
            self.first_token = time.monotonic() - self.started
        self.text += text or ""

    def count(self, **tokens: int | None) -> None:
        self.tokens.update({kind: count for kind, count in tokens.items() if count is not None})

    def end(self) -> None:
        """The stream has ended, and the client has found no fault with it."""
        if not self.finished and self.outcome == "success":
            self.outcome = "failure"

    def line(self) -> str:
        said = asdict(self)
        del said["started"], said["raw"], said["finished"]
        return json.dumps(said)
