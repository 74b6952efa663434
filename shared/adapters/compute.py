"""The door to Compute Engine: networks, subnetworks, firewalls and their operations, over REST.

Values are dicts with the field names of compute.v1 (``ip_cidr_range``), only of the fields that the answer has; links
are relative names (``projects/P/global/networks/N``). Raises google.api_core's and requests' errors; ``classify`` sorts
them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict

from shared.adapters.google import TIMEOUT, rest_options
from shared.adapters.protos import filled
from shared.adapters.refusals import Refusal, of_compute
from shared.domain.names import GLOBAL

ROLE = "roles/compute.networkAdmin"
_ONCE = {"retry": None, "timeout": TIMEOUT}
"""Nothing is tried again in here: the next round does."""
_PAGE = 500
_MESSAGES = {"networks": "Network", "subnetworks": "Subnetwork", "firewalls": "Firewall"}
"""Collection -> message; the client library derives all its other names from the two."""
_LINK = re.compile(r"^https://[^/]+/compute/[^/]+/(?=projects/)")


class Compute:
    """One project's networks. ``endpoint`` is empty for Google's own, else ``http://HOST:PORT``."""

    def __init__(self, endpoint: str, project: str) -> None:
        self._endpoint, self._project = endpoint, project
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def resources(self, location: str, collection: str) -> list[dict[str, Any]]:
        """Return everything in a collection (``subnetworks``) of a region or ``global``."""
        asked = {**self._place(location), "max_results": _PAGE}
        return [_plain(item) for item in self._client(_service(collection)).list(request=asked, **_ONCE)]

    def get(self, location: str, collection: str, name: str) -> dict[str, Any]:
        """Return one resource."""
        asked = {**self._place(location), _one(collection): name}
        return _plain(self._client(_service(collection)).get(request=asked, **_ONCE))

    def insert(self, location: str, collection: str, spec: Mapping[str, Any], request: str) -> str:
        """Begin to make a resource; return the operation. The same request id begins nothing twice."""
        client = self._client(_service(collection))
        body = {**self._place(location), **_body(collection, spec), "request_id": request}
        return str(client.insert_unary(request=body, **_ONCE).name)

    def patch(self, location: str, collection: str, name: str, spec: Mapping[str, Any], request: str) -> str:
        """Begin to change the given fields; return the operation."""
        client = self._client(_service(collection))
        body = {**self._place(location), _one(collection): name, **_body(collection, spec), "request_id": request}
        return str(client.patch_unary(request=body, **_ONCE).name)

    def delete(self, location: str, collection: str, name: str, request: str) -> str:
        """Begin to delete a resource; return the operation."""
        client = self._client(_service(collection))
        body = {**self._place(location), _one(collection): name, "request_id": request}
        return str(client.delete_unary(request=body, **_ONCE).name)

    def operation(self, location: str, name: str) -> tuple[bool, Refusal | None]:
        """Return whether an operation is over, and how it failed."""
        client = self._client("GlobalOperationsClient" if location == GLOBAL else "RegionOperationsClient")
        found = _plain(client.get(request={**self._place(location), "operation": name}, **_ONCE))
        return found.get("status") == "DONE", of_compute(found)

    def quotas(self, region: str) -> dict[str, tuple[float, float]]:
        """Return metric -> (limit, usage) as the region lists them."""
        return _quotas(self._client("RegionsClient").get(request=self._place(region), **_ONCE))

    def project_quotas(self) -> dict[str, tuple[float, float]]:
        """Return metric -> (limit, usage) of the whole project."""
        return _quotas(self._client("ProjectsClient").get(request=self._place(GLOBAL), **_ONCE))

    def _place(self, location: str) -> dict[str, Any]:
        return {"project": self._project, **({} if location == GLOBAL else {"region": location})}

    def _client(self, name: str) -> Any:
        # Under the lock, because looks ask from many threads at once and the import alone is long.
        with self._lock:
            if name not in self._clients:
                from google.cloud import compute_v1  # noqa: PLC0415 - nearly two seconds, at first use

                self._clients[name] = getattr(compute_v1, name)(**rest_options(self._endpoint))
            return self._clients[name]


def _service(collection: str) -> str:
    return f"{collection.capitalize()}Client"


def _one(collection: str) -> str:
    return _MESSAGES[collection].lower()


def _body(collection: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    from google.cloud import compute_v1  # noqa: PLC0415 - as above

    return {f"{_one(collection)}_resource": filled(getattr(compute_v1, _MESSAGES[collection]), spec)}


def _quotas(found: Any) -> dict[str, tuple[float, float]]:
    return {quota.metric: (quota.limit, quota.usage) for quota in found.quotas}


def _plain(message: Any) -> dict[str, Any]:
    # Every scalar of Compute tells whether it was given; ``protos.plain`` would fill in what was not.
    found: dict[str, Any] = MessageToDict(type(message).pb(message), preserving_proto_field_name=True)
    return {name: _relative(value) for name, value in found.items()}


def _relative(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _relative(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_relative(item) for item in value]
    return _LINK.sub("", value) if isinstance(value, str) else value
