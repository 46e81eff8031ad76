"""The answer of a prediction, whole or as events."""

from collections.abc import AsyncIterator
from typing import Any

import dspy
from dspy.streaming import StreamListener, StreamResponse

from dspy_metrics import Tally
from event_stream import event
from program import PROGRAMS
from request import PredictionRequest
from scores import scores


async def predict(request: PredictionRequest, tally: Tally) -> dict[str, Any]:
    prediction = await PROGRAMS[request.prediction_type].acall(**request.inputs.model_dump())
    return _answer(request, prediction, tally)


def _answer(
    request: PredictionRequest, prediction: dspy.Prediction, tally: Tally
) -> dict[str, Any]:
    return {
        "prediction_type": request.prediction_type,
        "outputs": prediction.toDict(),
        # By model, as DSPy reports it; it reports none for an answer of its cache.
        "usage": prediction.get_lm_usage() or None,
        "cost_usd": None if tally.cost is None else float(tally.cost),
        "cached": tally.cached,
        "lm_calls": dict(tally.calls),
        "tool_calls": tally.tool_calls,
        "parse_failures": tally.parse_failures,
        "finishes": dict(tally.finishes),
        "scores": scores(request.inputs, prediction),
    }


async def events(request: PredictionRequest, tally: Tally) -> AsyncIterator[str]:
    """The tokens of the outputs as the model writes them, then the whole answer."""
    fields = ["answer"] if request.prediction_type == "predict" else ["reasoning", "answer"]
    stream = dspy.streamify(
        PROGRAMS[request.prediction_type],
        stream_listeners=[StreamListener(name) for name in fields],
        is_async_program=True,
    )
    async for value in stream(**request.inputs.model_dump()):
        match value:
            case StreamResponse(signature_field_name=name, chunk=chunk) if chunk:
                yield event({"field": name, "chunk": chunk})
            case dspy.Prediction():
                yield event(_answer(request, value, tally), name="prediction")
    yield "data: [DONE]\n\n"
