"""The door to Cloud Storage: is a bucket with weights there, where, and who may read it. Only read."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from shared.adapters.google import tokens
from shared.adapters.rest import Rest

ROLE = "roles/storage.legacyBucketReader"


@dataclass(frozen=True)
class Bucket:
    """What we need to know of a bucket. ``location`` is a region or multi-region in lower case."""

    location: str
    readers: frozenset[str]
    """Members of its own policy that may read objects."""


_READERS = {f"roles/storage.{name}" for name in ("objectViewer", "objectUser", "objectAdmin", "admin")}


class Storage:
    """Buckets of any project. ``endpoint`` is empty for Google's own, else ``http://HOST:PORT``."""

    def __init__(self, endpoint: str, workers: int = 16) -> None:
        self._base = f"{endpoint or 'https://storage.googleapis.com'}/storage/v1/b"
        self._rest = Rest(tokens(endpoint), workers)

    def bucket(self, name: str) -> Bucket:
        """Return a bucket's place and readers. Raises Refusal NOT_FOUND where there is none."""
        found = self._rest.get(f"{self._base}/{quote(name, safe='')}", {"fields": "location"})
        policy = self._rest.get(f"{self._base}/{quote(name, safe='')}/iam", {"optionsRequestedPolicyVersion": "3"})
        held = [binding for binding in policy.get("bindings", []) if binding["role"] in _READERS]
        readers = frozenset(member for binding in held for member in binding.get("members", []))
        return Bucket(str(found.get("location", "")).lower(), readers)

    def holds(self, bucket: str, prefix: str) -> bool:
        """Say whether any object's name begins so."""
        query = {"prefix": prefix, "maxResults": "1", "fields": "items(name)"}
        return bool(self._rest.get(f"{self._base}/{quote(bucket, safe='')}/o", query).get("items"))
