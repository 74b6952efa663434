"""The door to Cloud Storage: is a bucket with weights there, where, and who may read it. Only read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.adapters.google import TIMEOUT, rest_options

ROLE = "roles/storage.legacyBucketReader"
_ONCE = {"retry": None, "timeout": TIMEOUT}
_READERS = {f"roles/storage.{name}" for name in ("objectViewer", "objectUser", "objectAdmin", "admin")}


@dataclass(frozen=True)
class Bucket:
    """What we need to know of a bucket. ``location`` is a region or multi-region in lower case."""

    location: str
    readers: frozenset[str]
    """Members of its own policy that may read objects."""


class Storage:
    """Buckets of any project. ``endpoint`` is empty for Google's own, else ``http://HOST:PORT``.

    Raises google.api_core's and requests' errors; ``classify`` sorts them.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    @cached_property
    def _client(self) -> Any:
        from google.cloud.storage import Client  # noqa: PLC0415 - a quarter of a second, at first use

        return Client(project=None, **rest_options(self._endpoint))

    def bucket(self, name: str) -> Bucket:
        """Return a bucket's place and readers. Raises NotFound where there is none."""
        found = self._client.get_bucket(name, **_ONCE)
        policy = found.get_iam_policy(requested_policy_version=3, **_ONCE)
        held = [binding for binding in policy.bindings if binding["role"] in _READERS]
        readers = frozenset(member for binding in held for member in binding.get("members", ()))
        return Bucket(str(found.location or "").lower(), readers)

    def holds(self, bucket: str, prefix: str) -> bool:
        """Say whether any object's name begins so."""
        return any(True for _ in self._client.list_blobs(bucket, prefix=prefix, max_results=1, **_ONCE))
