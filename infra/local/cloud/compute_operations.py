"""Compute's operations: global, regional and zonal, got, listed and waited for."""

from __future__ import annotations

from typing import Any

from google.cloud import compute_v1

from infra.local.cloud.compute_lists import EVERYWHERE, aggregated, by_scope, matching
from infra.local.cloud.compute_store import BASE, Store, missing
from infra.local.cloud.errors import HTTP
from infra.local.cloud.operations import Failure, Work
from infra.local.cloud.wire import Handler

_SAID = {"firewalls.patch": "compute.firewalls.patch"}
"""Kinds of work whose operations do not just say the verb."""
_TITLE = {400: "BAD REQUEST", 403: "FORBIDDEN", 404: "NOT FOUND", 409: "CONFLICT", 500: "INTERNAL ERROR"}


def _error(work: Work, failure: Failure) -> dict[str, Any]:
    http = HTTP.get(failure.status, 500)
    error = {"code": failure.reason or failure.status, "message": failure.message}
    return {
        "error": {"errors": [error]},
        "http_error_status_code": http,
        "http_error_message": _TITLE.get(http, "ERROR"),
        "status_message": work.note,
    }


def render(store: Store, work: Work) -> compute_v1.Operation:
    """Return work in Compute's words."""
    now, place = store.world.now, work.parent.split("/")
    fields: dict[str, Any] = {
        "id": store.world.dice(work.path).getrandbits(62),
        "kind": "compute#operation",
        "name": work.name,
        "operation_type": _SAID.get(work.kind, work.kind.rsplit(".", 1)[-1]),
        "status": work.status(now),
        "progress": work.progress(now),
        "insert_time": work.begun.isoformat(timespec="milliseconds"),
        "self_link": BASE + work.path,
        "target_link": BASE + work.target,
        "target_id": store.world.dice(work.target).getrandbits(62),
        "user": "inferops@example.com",
    }
    if work.status(now) != "PENDING":
        fields["start_time"] = work.runs_from.isoformat(timespec="milliseconds")
    if work.ended:
        fields["end_time"] = work.ended.isoformat(timespec="milliseconds")
    if place[2] != "global":
        fields[place[2].removesuffix("s")] = BASE + work.parent
    if work.failure:
        fields |= _error(work, work.failure)
    return compute_v1.Operation(**fields)


def _parent(request: Any) -> str:
    for place in ("region", "zone"):
        if hasattr(request, place):
            return f"projects/{request.project}/{place}s/{getattr(request, place)}"
    return f"projects/{request.project}/global"


class Operations:
    """Handlers that serve the global, the regional and the zonal client alike."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {"Get": self._get, "Wait": self._get, "List": self._list, "AggregatedList": self._aggregated}

    def _get(self, request: Any) -> compute_v1.Operation:
        # Wait may return before the end, says its contract; here it must, since time stands still meanwhile.
        path = f"{_parent(request)}/operations/{request.operation}"
        if path not in self._store.ledger.works:
            raise missing(path)
        return render(self._store, self._store.ledger.works[path])

    def _list(self, request: Any) -> compute_v1.OperationList:
        works = [render(self._store, work) for work in self._store.ledger.under(_parent(request))]
        return compute_v1.OperationList(kind="compute#operationList", items=matching(works, request.filter))

    def _aggregated(self, request: Any) -> compute_v1.OperationAggregatedList:
        found = {}
        for scope in EVERYWHERE:
            works = self._store.ledger.under(f"projects/{request.project}/{scope}")
            found[scope] = matching([render(self._store, work) for work in works], request.filter)
        return compute_v1.OperationAggregatedList(
            kind="compute#operationAggregatedList",
            items=by_scope("operations", found, EVERYWHERE),
            **aggregated(BASE, request.project, "operations"),
        )
