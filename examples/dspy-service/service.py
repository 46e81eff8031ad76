"""DSPy over HTTP: POST /predict, POST /predict/stream, GET /health.

Run it with `uvicorn service:app --workers 4`; the environment configures it (settings.py).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import dspy
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

import answer
from dspy_metrics import HeadersMiddleware, Tally, current
from event_stream import EventStream
from failures import Failure, InvalidInputError, failure, report
from faults import FaultsMiddleware
from language_model import configure
from request import decode
from settings import Settings

MAX_BODY_BYTES = 1 << 20

settings = Settings.read()
lm = configure(settings)


async def predict(request: Request) -> Response:
    return JSONResponse(await answer.predict(decode(await _body(request)), _tally()))


async def predict_stream(request: Request) -> Response:
    return EventStream(answer.events(decode(await _body(request)), _tally()))


async def health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "lm": lm.model})


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            too_large = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise HTTPException(too_large, f"the body is larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _tally() -> Tally:
    tally = current()
    if tally is None:
        raise RuntimeError("the application is not wrapped in HeadersMiddleware")
    return tally


async def on_http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    # Starlette raises it for what no route takes: paths, methods, sizes.
    response = Failure(HTTPStatus(error.status_code), "invalid_input", error.detail).response()
    response.headers.update(error.headers or {})
    return response


async def on_failure(_: Request, error: Exception) -> Response:
    report(error)
    return failure(error).response()


async def on_bug(_: Request, error: Exception) -> Response:
    return failure(error).response()  # Starlette raises it again, so that the server logs it


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    yield
    await lm.aclose()


def application() -> ASGIApp:
    service = Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/predict/stream", predict_stream, methods=["POST"]),
            Route("/health", health),
        ],
        exception_handlers={
            HTTPException: on_http_error,
            InvalidInputError: on_failure,
            dspy.DSPyError: on_failure,
            Exception: on_bug,
        },
        lifespan=lifespan,
    )
    # The event of the prediction states the usage.
    measured = HeadersMiddleware(service, usage_event=False)
    return FaultsMiddleware(measured) if settings.faults else measured


app = application()
