"""Cloud Storage, as far as model weights are read: buckets, their objects, who may read them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
from starlette.responses import Response

from infra.local.cloud.errors import ApiError
from infra.local.cloud.project import NUMBER
from infra.local.cloud.routes import Ask, Routes, paged
from infra.local.cloud.world import World

PREFIX = "llama-3.1-8b"
FILES: dict[str, int] = {
    "config.json": 855,
    "model-00001-of-00004.safetensors": 4_976_698_672,
    "model-00002-of-00004.safetensors": 4_999_802_720,
    "model-00003-of-00004.safetensors": 4_915_916_176,
    "model-00004-of-00004.safetensors": 1_168_138_808,
    "tokenizer.json": 9_085_657,
    "_SUCCESS": 0,
}
"""File -> bytes; the contents are not kept, only their sizes."""

_SOFT_DELETE = 7 * 24 * 3600
"""Seconds for which a deleted object can be had back."""


@dataclass
class Bucket:
    """A bucket, its objects (name -> size and content, if any) and its grants."""

    name: str
    location: str
    """Such as US-EAST4, EUROPE-WEST3 or US."""
    location_type: str = "region"
    objects: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    grants: list[tuple[str, str]] = field(default_factory=list)


class Storage:
    """All buckets. ``routes.answer`` is the raw host."""

    def __init__(self, world: World, *, empty: bool = False) -> None:
        self.world = world
        self._begun = world.now
        self.denied: set[str] = set()
        """Buckets that the caller may not read."""
        self.buckets: dict[str, Bucket] = {}
        if not empty:
            self.make("demo-weights-us-east4", "US-EAST4", FILES)
            self.make("demo-weights-eu", "EUROPE-WEST3", FILES)
        self.routes = self._made()

    def make(self, bucket: str, location: str, files: dict[str, int] | None = None) -> Bucket:
        """Make a bucket, with files under the prefix of the model if any are given."""
        objects = {f"{PREFIX}/{name}": (size, b"") for name, size in (files or {}).items()}
        self.buckets[bucket] = Bucket(bucket, location, objects=objects)
        return self.buckets[bucket]

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Put an object into a bucket."""
        self.buckets[bucket].objects[name] = (len(content), content)

    def grant(self, bucket: str, role: str, member: str) -> None:
        """Give a role on a bucket to a member such as ``serviceAccount:a@b``."""
        if (role, member) not in self.buckets[bucket].grants:
            self.buckets[bucket].grants.append((role, member))

    def snapshot(self) -> dict[str, object]:
        """Return the buckets with the sizes of their objects and their grants."""
        return {
            one.name: {
                "location": one.location,
                "objects": {name: size for name, (size, _) in sorted(one.objects.items())},
                "grants": sorted(one.grants),
            }
            for one in self.buckets.values()
        }

    def _made(self) -> Routes:
        routes, base = Routes(self.world, "storage"), "/storage/v1/b"
        routes.add("GET", base, self._list_buckets)
        routes.add("GET", f"{base}/{{bucket}}", lambda ask: self._shown(self._bucket(ask)))
        routes.add("GET", f"{base}/{{bucket}}/iam", self._policy)
        routes.add("GET", f"{base}/{{bucket}}/iam/testPermissions", self._test)
        routes.add("GET", f"{base}/{{bucket}}/o", self._list)
        routes.add("GET", f"{base}/{{bucket}}/o/{{object}}", self._get)
        routes.add("GET", f"/download{base}/{{bucket}}/o/{{object}}", self._download)
        return routes

    def _bucket(self, ask: Ask) -> Bucket:
        name = ask.parts["bucket"]
        if name in self.denied:
            what = f"Permission denied on resource (or it may not exist): bucket {name}."
            raise ApiError("PERMISSION_DENIED", what, "forbidden")
        if name not in self.buckets:
            raise ApiError("NOT_FOUND", "The specified bucket does not exist.", "notFound")
        return self.buckets[name]

    def _shown(self, bucket: Bucket) -> dict[str, Any]:
        made = self._begun.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        uniform = {"enabled": True}
        replicated = {} if bucket.location_type == "region" else {"rpo": "DEFAULT"}
        return {
            "kind": "storage#bucket",
            "id": bucket.name,
            "name": bucket.name,
            "selfLink": f"https://www.googleapis.com/storage/v1/b/{bucket.name}",
            "projectNumber": NUMBER,
            "location": bucket.location,
            "locationType": bucket.location_type,
            "storageClass": "STANDARD",
            "iamConfiguration": {
                "bucketPolicyOnly": uniform,
                "uniformBucketLevelAccess": uniform,
                "publicAccessPrevention": "inherited",
            },
            "softDeletePolicy": {"effectiveTime": made, "retentionDurationSeconds": str(_SOFT_DELETE)},
            "generation": str(int(self._begun.timestamp() * 1_000_000)),
            "metageneration": "1",
            "etag": "CAE=",
            "timeCreated": made,
            "updated": made,
            **replicated,
        }

    def _list_buckets(self, ask: Ask) -> dict[str, Any]:
        prefix = ask.query.get("prefix", "")
        found = [self._shown(one) for name, one in sorted(self.buckets.items()) if name.startswith(prefix)]
        return self._page("storage#buckets", found, ask)

    def _page(self, kind: str, found: list[Any], ask: Ask) -> dict[str, Any]:
        size = ask.size("maxResults")
        some, token = paged(found, size, ask.query.get("pageToken", ""), 1000)
        return {"kind": kind, "items": some, **({"nextPageToken": token} if token else {})}

    def _object(self, bucket: Bucket, name: str) -> dict[str, Any]:
        size, content = bucket.objects[name]
        shown = {"kind": "storage#object", "name": name, "bucket": bucket.name, "size": str(size)}
        shown |= {"generation": "1", "metageneration": "1", "storageClass": "STANDARD"}
        if content or not size:
            shown["crc32c"] = base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
        return shown

    def _list(self, ask: Ask) -> dict[str, Any]:
        bucket, prefix = self._bucket(ask), ask.query.get("prefix", "")
        delimiter = ask.query.get("delimiter", "")
        names = [name for name in sorted(bucket.objects) if name.startswith(prefix)]
        below = [name for name in names if delimiter and delimiter in name.removeprefix(prefix)]
        found = [self._object(bucket, name) for name in names if name not in below]
        folders = {prefix + name.removeprefix(prefix).split(delimiter)[0] + delimiter for name in below}
        answer = self._page("storage#objects", found, ask)
        return {**answer, "prefixes": sorted(folders)} if folders else answer

    def _found(self, ask: Ask) -> tuple[Bucket, str]:
        bucket, name = self._bucket(ask), ask.parts["object"]
        if name not in bucket.objects:
            raise ApiError("NOT_FOUND", f"No such object: {bucket.name}/{name}", "notFound")
        return bucket, name

    def _get(self, ask: Ask) -> Any:
        if ask.query.get("alt") == "media":
            return self._download(ask)
        return self._object(*self._found(ask))

    def _download(self, ask: Ask) -> Response:
        bucket, name = self._found(ask)
        size, content = bucket.objects[name]
        if size != len(content):
            raise ApiError("UNIMPLEMENTED", f"only the size of {name} is kept", "notImplemented")
        return Response(content, media_type="application/octet-stream")

    def _policy(self, ask: Ask) -> dict[str, Any]:
        grants = self._bucket(ask).grants
        roles = sorted({role for role, _ in grants})
        bindings = [{"role": r, "members": sorted(who for role, who in grants if role == r)} for r in roles]
        return {"kind": "storage#policy", "version": 1, "etag": "CAE=", "bindings": bindings}

    def _test(self, ask: Ask) -> dict[str, Any]:
        self._bucket(ask)
        asked = ask.repeated.get("permissions", [])
        return {"kind": "storage#testIamPermissionsResponse", "permissions": asked}
