from collections.abc import Iterator

import pytest

import fake_lm


@pytest.fixture(scope="session")
def lm() -> Iterator[fake_lm.FakeLM]:
    with fake_lm.running() as lm:
        yield lm
