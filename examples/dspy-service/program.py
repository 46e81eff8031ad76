"""The DSPy programs that this service serves."""

import dspy

from calculator import calculator


class Answer(dspy.Signature):
    """Answer the question briefly, from the context if there is one."""

    context: str = dspy.InputField(desc="may be empty")
    question: str = dspy.InputField()
    answer: str = dspy.OutputField()


MAX_ITERATIONS = 5

# By prediction_type. Modules keep no state of a call, so all requests share them.
PROGRAMS: dict[str, dspy.Module] = {
    "predict": dspy.Predict(Answer),
    "cot": dspy.ChainOfThought(Answer),
    "react": dspy.ReAct(Answer, tools=[calculator], max_iters=MAX_ITERATIONS),
}
