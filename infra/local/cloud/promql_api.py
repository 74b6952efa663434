"""The Prometheus HTTP API of Cloud Monitoring: instant and range queries, series, labels, metadata."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import Response

from infra.local.cloud.errors import ApiError
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.monitoring_series import Series, milliseconds
from infra.local.cloud.promql_eval import Evaluator, select
from infra.local.cloud.promql_groups import written
from infra.local.cloud.promql_lexer import milliseconds as duration
from infra.local.cloud.promql_nodes import EvaluationError, PromqlError
from infra.local.cloud.promql_parse import matchers, parse
from infra.local.cloud.promql_typing import kind
from infra.local.cloud.wire import json_response
from infra.local.cloud.world import World

HOST = "monitoring"
"""What faults call this service: it is one with the rest of Cloud Monitoring."""
MOST_POINTS = 11_000
_PATH = re.compile(r"/v1/projects/([^/]+)/location/([^/]+)/prometheus/api/v1/(\w+)(?:/([^/]+)/values)?")
_FOREVER = 1 << 60


class RefusedError(Exception):
    """A request that Prometheus refuses: HTTP status, type of error, message."""

    def __init__(self, status: int, sort: str, message: str) -> None:
        super().__init__(message)
        self.status, self.sort = status, sort


class Parameters:
    """What a request asks, from its query and its form."""

    def __init__(self, query: str, form: str) -> None:
        self._given = parse_qs(f"{query}&{form}", keep_blank_values=True)

    def text(self, name: str) -> str:
        """Return a parameter, empty if it is not there."""
        return self._given.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return self._given.get(name, [])

    def time(self, name: str, default: int | None = None) -> int:
        """Return a time in milliseconds, given as seconds or by RFC 3339."""
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            return math.floor(float(text) * 1000 + 0.5)
        except (ValueError, OverflowError):
            pass
        try:
            at = datetime.fromisoformat(text)
            return milliseconds(at)
        except (ValueError, TypeError) as error:
            raise _bad(name, f'cannot parse "{text}" to a valid timestamp') from error

    def step(self) -> int:
        """Return the step of a range query in milliseconds."""
        text = self.text("step")
        try:
            found = duration(text) if text[-1:].isalpha() else round(float(text) * 1000)
        except (ValueError, OverflowError) as error:
            raise _bad("step", f'cannot parse "{text}" to a valid duration') from error
        if found <= 0:
            what = "zero or negative query resolution step widths are not accepted. Try a positive integer"
            raise _bad("step", what)
        return found


def _bad(name: str, what: str) -> RefusedError:
    return RefusedError(400, "bad_data", f'invalid parameter "{name}": {what}')


class Prometheus:
    """Answers queries on the series of one project."""

    def __init__(self, world: World, monitoring: Monitoring) -> None:
        self._world = world
        self._monitoring = monitoring

    async def answer(self, request: Request) -> Response:
        """Answer one request, meeting the faults on the way."""
        body = await request.body()
        with self._world.busy():
            try:
                data = self._data(request, Parameters(request.url.query, body.decode(errors="replace")))
            except ApiError as error:
                return json_response(error.body(HOST), error.code)
            except RefusedError as error:
                shown = {"status": "error", "errorType": error.sort, "error": str(error)}
                return json_response(shown, error.status)
        return json_response({"status": "success", "data": data})

    def _data(self, request: Request, asked: Parameters) -> Any:
        if self._world.faults.is_down(HOST):
            raise ApiError("UNAVAILABLE", f"The service {HOST} is currently unavailable.", "backendError")
        found = _PATH.fullmatch(request.url.path)
        routes: dict[str, Callable[[Parameters], Any]] = {
            "query": self._query,
            "query_range": self._query_range,
            "series": self._series,
            "labels": self._labels,
            "metadata": self._metadata,
        }
        label = found and found[3] == "label" and found[4]
        if not found or request.method not in {"GET", "POST"} or not (label or (found[3] in routes and not found[4])):
            raise ApiError("NOT_FOUND", f"no method for {request.method} {request.url.path}", "notFound")
        if found[1] != self._monitoring.project:
            raise ApiError("PERMISSION_DENIED", f"Permission denied for projects/{found[1]}.", "forbidden")
        if found[2] != "global":
            raise ApiError("INVALID_ARGUMENT", f'Location must be "global", not "{found[2]}".', "badRequest")
        return self._values(unquote(label), asked) if label else routes[found[3]](asked)

    def _query(self, asked: Parameters) -> Any:
        node, at = _read("query", asked.text("query"), parse), asked.time("time", self._monitoring.now)
        evaluator, sort = Evaluator(self._monitoring.store), kind(node)
        try:
            if sort == "range vector":
                rows = [(one.labels, one.window.times, one.window.values) for one in evaluator.lines(node, at)]
                return {"resultType": "matrix", "result": _matrix(rows)}
            found = evaluator.value(node, at)
        except EvaluationError as error:
            raise RefusedError(422, "execution", str(error)) from error
        if isinstance(found, list):
            result: Any = [{"metric": dict(one.labels), "value": _point(at, one.value)} for one in found]
            return {"resultType": "vector", "result": result}
        return {"resultType": sort, "result": [at / 1000, found] if isinstance(found, str) else _point(at, found)}

    def _query_range(self, asked: Parameters) -> Any:
        node = _read("query", asked.text("query"), parse)
        start, end, step = asked.time("start"), asked.time("end"), asked.step()
        if end < start:
            raise _bad("end", "end timestamp must not be before start time")
        if (end - start) // step > MOST_POINTS:
            what = "exceeded maximum resolution of 11,000 points per timeseries."
            raise RefusedError(400, "bad_data", f"{what} Try decreasing the query resolution (?step=XX)")
        if kind(node) not in {"scalar", "instant vector"}:
            raise _bad(
                "query", f'invalid expression type "{kind(node)}" for range query, must be Scalar or instant Vector'
            )
        try:
            rows = Evaluator(self._monitoring.store).over(node, range(start, end + 1, step))
        except EvaluationError as error:
            raise RefusedError(422, "execution", str(error)) from error
        return {"resultType": "matrix", "result": _matrix(rows)}

    # What there is -------------------------------------------------------------------------------------------

    def _found(self, asked: Parameters) -> Iterable[Series]:
        """Return the series that ``match[]`` picks, all if there is none, that have points in the interval."""
        start, end = asked.time("start", -_FOREVER), asked.time("end", _FOREVER)
        store, texts = self._monitoring.store, asked.all("match[]")
        picked = (
            [one for text in texts for one in select(store, _read("match[]", text, matchers))] if texts else list(store)
        )
        return {id(one): one for one in picked if one.between(start - 1, end)[0]}.values()

    def _series(self, asked: Parameters) -> Any:
        if not asked.all("match[]"):
            raise RefusedError(400, "bad_data", "no match[] parameter provided")
        return [one.labels for one in self._found(asked)]

    def _labels(self, asked: Parameters) -> Any:
        return sorted({name for one in self._found(asked) for name in one.labels})

    def _values(self, label: str, asked: Parameters) -> Any:
        return sorted({one.labels[label] for one in self._found(asked) if label in one.labels})

    def _metadata(self, asked: Parameters) -> Any:
        wanted = asked.text("metric")
        kinds = {_family(one): one.kind or "unknown" for one in self._monitoring.store}
        shown = {name: [{"type": sort, "help": "", "unit": ""}] for name, sort in sorted(kinds.items())}
        return {name: told for name, told in shown.items() if wanted in {"", name}}


def _read(name: str, text: str, reader: Callable[[str], Any]) -> Any:
    try:
        return reader(text)
    except PromqlError as error:
        raise _bad(name, str(error)) from error


def _family(series: Series) -> str:
    name = series.labels["__name__"]
    return series.metric.split("/")[1] if series.kind == "histogram" else name


def _point(at: int, value: float) -> list[Any]:
    return [at / 1000, written(value)]


def _matrix(rows: Iterable[Any]) -> list[Any]:
    return [
        {
            "metric": dict(labels),
            "values": [_point(at, value) for at, value in zip(times, values, strict=True)],
        }
        for labels, times, values in rows
    ]
