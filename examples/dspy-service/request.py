"""The body of a request."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from failures import InvalidInputError


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "is empty")
    return text


class Inputs(BaseModel):
    question: Annotated[str, AfterValidator(_not_blank)]
    context: str = ""


class PredictionRequest(BaseModel):
    prediction_type: Literal["predict", "cot", "react"] = "predict"
    inputs: Inputs


def decode(body: bytes) -> PredictionRequest:
    """Read a request, or raise InvalidInputError that names what is wrong with it."""
    try:
        return PredictionRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise InvalidInputError(f"{place}: {first['msg']}") from None
