"""What the installed DSPy lets the callback see is what the README says of it."""

from fake_lm import FakeLM
from versions import rows


def test_what_can_be_told(lm: FakeLM) -> None:
    found = rows(lm.url, lambda: lm.app.state.calls)
    missing = {name for name, told in found.items() if not told}
    assert missing == {"DSPy's own retries"}
