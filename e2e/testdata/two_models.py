"""The service of examples/dspy-service with language models of its own for some programs.

A chain of thought is drafted by one model and reviewed by another one; agents ask a third.
LiteLLM's own list, from which DSPy takes costs, has neither of these two.
"""

from typing import Any

import dspy

from program import PROGRAMS, Answer
from service import app, settings

__all__ = ["app"]


def lm(name: str) -> dspy.LM:
    """A model at the address of the service's own."""
    return dspy.LM(name, api_base=settings.lm_base_url, api_key=settings.lm_api_key, num_retries=settings.lm_retries)


class Reviewed(dspy.Module):
    """Answers, and has the answer reviewed."""

    def __init__(self) -> None:
        super().__init__()
        self.draft = dspy.ChainOfThought(Answer)
        self.review = dspy.ChainOfThought(Answer)
        self.review.set_lm(lm("openai/house-reviewer"))

    async def aforward(self, context: str, question: str) -> dspy.Prediction:
        draft: Any = await self.draft.acall(context=context, question=question)
        return await self.review.acall(context=f"{context}\n{draft.answer}", question=question)


PROGRAMS["cot"] = Reviewed()
PROGRAMS["react"].set_lm(lm("openai/house-agent"))
