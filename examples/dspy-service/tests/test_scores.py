"""The scores that the program gives its own answers."""

import dspy
import pytest

from request import Inputs
from scores import BRIEF, scores


@pytest.mark.parametrize(
    ("answer", "context", "want"),
    [
        ("Paris", "", {"brief": 1.0}),
        ("", "", {"brief": 0.0}),
        (None, "", {"brief": 0.0}),
        ("?!", "", {"brief": 0.0}),
        ("word " * BRIEF, "", {"brief": 1.0}),
        ("word " * BRIEF * 2, "", {"brief": 0.5}),
        ("In PARIS.", "Paris is in France.", {"brief": 1.0, "grounded": 1.0}),
        ("in Rome", "Paris is in France.", {"brief": 1.0, "grounded": 0.5}),
        ("", "Paris", {"brief": 0.0, "grounded": 0.0}),
        ("Köln", " ", {"brief": 1.0}),
    ],
)
def test_scores(answer: str | None, context: str, want: dict[str, float]) -> None:
    inputs = Inputs(question="Where?", context=context)
    assert scores(inputs, dspy.Prediction(answer=answer)) == want
