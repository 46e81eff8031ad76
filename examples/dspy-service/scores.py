"""How good an answer is, as far as that can be told without knowing the right one.

dspy-metrics records what they say of each answer, so that a change of the model or of the prompt
shows.
"""

import re

import dspy

from request import Inputs

BRIEF = 50
"""How many words an answer may have that is asked for briefly."""


def scores(inputs: Inputs, prediction: dspy.Prediction) -> dict[str, float]:
    """The scores of an answer, from 0 to 1."""
    answer = str(prediction.get("answer") or "")
    found = {"brief": brief(answer)}
    if inputs.context.strip():
        found["grounded"] = grounded(answer, inputs.context)
    return found


def brief(answer: str) -> float:
    """1 for what is asked for, less for what is longer, and 0 for no answer at all."""
    words = len(_words(answer))
    return min(1.0, BRIEF / words) if words else 0.0


def grounded(answer: str, context: str) -> float:
    """The share of the words of an answer that the context has too."""
    said, given = _words(answer), set(_words(context))
    return sum(word in given for word in said) / len(said) if said else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
