"""The door to Compute Engine: networks, subnetworks, firewalls and their operations, over REST.

Values are dicts with the field names of the .proto (``ip_cidr_range``); links are relative names
(``projects/P/global/networks/N``). Raises Refusal or urllib3's errors; ``classify`` sorts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.adapters.google import tokens
from shared.adapters.protos import own_fields
from shared.adapters.refusals import Refusal, of_compute
from shared.adapters.rest import Rest
from shared.domain.names import GLOBAL

ROLE = "roles/compute.networkAdmin"
_ODD = {"I_p_protocol": "IPProtocol"}
"""Field names whose JSON form does not follow the rule."""
_EVEN = {json: name for name, json in _ODD.items()}
_LINK = re.compile(r"^https://[^/]+/compute/[^/]+/(?=projects/)")


class Compute:
    """One project's networks. ``endpoint`` is empty for Google's own, else ``http://HOST:PORT``."""

    def __init__(self, endpoint: str, project: str, workers: int = 16) -> None:
        self._base = f"{endpoint or 'https://compute.googleapis.com'}/compute/v1/projects/{project}"
        self._rest = Rest(tokens(endpoint), workers)

    def resources(self, location: str, collection: str, match: str = "") -> list[dict[str, Any]]:
        """Return everything in a collection (``subnetworks``) of a region or ``global``; ``match`` is a filter."""
        query = {"maxResults": "500", **({"filter": match} if match else {})}
        found: list[dict[str, Any]] = []
        while True:
            page = self._rest.get(self._url(location, collection), query)
            found += [_from_json(item) for item in page.get("items", [])]
            if not page.get("nextPageToken"):
                return found
            query["pageToken"] = page["nextPageToken"]

    def get(self, location: str, collection: str, name: str) -> dict[str, Any]:
        """Return one resource."""
        return dict(_from_json(self._rest.get(f"{self._url(location, collection)}/{name}")))

    def insert(self, location: str, collection: str, spec: Mapping[str, Any], request: str) -> str:
        """Begin to make a resource; return the operation. The same request id begins nothing twice."""
        return self._begin("POST", self._url(location, collection), request, spec)

    def patch(self, location: str, collection: str, name: str, spec: Mapping[str, Any], request: str) -> str:
        """Begin to change the given fields; return the operation."""
        return self._begin("PATCH", f"{self._url(location, collection)}/{name}", request, spec)

    def delete(self, location: str, collection: str, name: str, request: str) -> str:
        """Begin to delete a resource; return the operation."""
        return self._begin("DELETE", f"{self._url(location, collection)}/{name}", request)

    def operation(self, location: str, name: str) -> tuple[bool, Refusal | None]:
        """Return whether an operation is over, and how it failed."""
        found = self._rest.get(f"{self._url(location, 'operations')}/{name}")
        return found.get("status") == "DONE", of_compute(found)

    def quotas(self, region: str) -> dict[str, tuple[float, float]]:
        """Return metric -> (limit, usage) as the region lists them."""
        found = self._rest.get(f"{self._base}/regions/{region}").get("quotas", [])
        return {item["metric"]: (float(item.get("limit", 0)), float(item.get("usage", 0))) for item in found}

    def project_quotas(self) -> dict[str, tuple[float, float]]:
        """Return metric -> (limit, usage) of the whole project."""
        found = self._rest.get(self._base).get("quotas", [])
        return {item["metric"]: (float(item.get("limit", 0)), float(item.get("usage", 0))) for item in found}

    def _url(self, location: str, collection: str) -> str:
        place = GLOBAL if location == GLOBAL else f"regions/{location}"
        return f"{self._base}/{place}/{collection}"

    def _begin(self, method: str, url: str, request: str, spec: Mapping[str, Any] | None = None) -> str:
        body = None if spec is None else _to_json(own_fields(spec))
        return str(self._rest.call(method, url, query={"requestId": request}, body=body).get("name", ""))


def _camel(name: str) -> str:
    if name in _ODD:
        return _ODD[name]
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _snake(name: str) -> str:
    return _EVEN.get(name) or re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_camel(key): _to_json(item) for key, item in value.items()}
    return [_to_json(item) for item in value] if isinstance(value, list) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_snake(key): _from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    return _LINK.sub("", value) if isinstance(value, str) else value
