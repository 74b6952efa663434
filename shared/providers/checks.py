"""Checks: what a person must have given the project. Only looked at; what is missing shows its command."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from shared.adapters.project import POLICY_ROLE, USAGE_ROLE, Project
from shared.adapters.storage import ROLE as BUCKET_ROLE
from shared.adapters.storage import Bucket, Storage
from shared.domain.catalog import Catalog
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Broken, Observed, Present, Unknown
from shared.domain.site import Site
from shared.providers.base import Answers, Call, Calls, Keys

KINDS = frozenset({Kind.API, Kind.GRANT, Kind.BUCKET})
Grants = Mapping[str, tuple[str, str]]
"""Id of a grant -> member and role."""
_WIDE = {
    "us": ("us-",),
    "nam4": ("us-central1", "us-east1"),
    "eu": ("europe-",),
    "eur4": ("europe-north1", "europe-west4"),
    "asia": ("asia-",),
    "asia1": ("asia-northeast1", "asia-northeast2"),
}
"""Multi-regions and dual-regions, and how the regions begin that lie in them."""


def grants_of(catalog: Catalog, site: Site) -> Grants:
    """Return the grants that the catalogue asks of a project."""
    return {grant.id: (grant.member(site.project, site.number), grant.role) for grant in catalog.grants}


def calls(keys: Keys, project: Project, storage: Storage) -> Calls:
    """Return the questions that tell about these keys."""
    asked: dict[Any, Call] = {}
    apis = sorted(key.name for key in keys if key.kind is Kind.API)
    if apis:
        asked[Kind.API] = Call("list enabled APIs", USAGE_ROLE, partial(project.enabled, apis))
    for key in keys:
        if key.kind is Kind.GRANT:
            asked[Kind.GRANT] = Call("read the project's IAM policy", POLICY_ROLE, project.grants)
        elif key.kind is Kind.BUCKET:
            name, prefix = split(key.name)
            asked[key] = Call(f"read bucket {name}", BUCKET_ROLE, partial(storage.bucket, name))
            asked[key, prefix] = Call(f"list {key.name}", BUCKET_ROLE, partial(storage.holds, name, prefix))
    return asked


def split(url: str) -> tuple[str, str]:
    """Return bucket and prefix of ``gs://bucket/prefix``."""
    bucket, _, prefix = url.removeprefix("gs://").partition("/")
    return bucket, prefix


def read(keys: Keys, answers: Answers, grants: Grants, accounts: Mapping[str, str]) -> dict[ResourceKey, Observed]:
    """Return what is seen of these keys. ``accounts``: location -> the IAM member that must read its buckets."""
    seen: dict[ResourceKey, Observed] = {}
    for key in keys:
        match key.kind:
            case Kind.API:
                seen[key] = _held(answers[Kind.API], key.name, f"{key.name} is not enabled", Reason.API_DISABLED)
            case Kind.GRANT:
                seen[key] = _grant(key, answers[Kind.GRANT], grants)
            case _:
                seen[key] = _bucket(key, answers[key], answers[key, split(key.name)[1]], accounts)
    return seen


def _held(found: Any, wanted: Any, missing: str, reason: Reason) -> Observed:
    if isinstance(found, InferError):
        return Unknown(str(found))
    return Present({}, ready=True) if wanted in found else _lacking(missing, reason)


def _grant(key: ResourceKey, found: Any, grants: Grants) -> Observed:
    if key.name not in grants:
        return Unknown(f"the catalogue knows no grant {key.name}")
    member, role = grants[key.name]
    return _held(found, (member, role), f"{member} lacks {role}", Reason.GRANT_MISSING)


def _bucket(key: ResourceKey, found: Any, holds: Any, accounts: Mapping[str, str]) -> Observed:
    for answer in (found, holds):
        if isinstance(answer, InferError):
            none = answer.reason == Reason.WAITING
            return _unusable(f"{key.name}: there is no such bucket") if none else Unknown(str(answer))
    assert isinstance(found, Bucket), "not an error, so the bucket"  # noqa: S101 - for mypy
    if not _near(found.location, key.location):
        return _unusable(f"{key.name} lies in {found.location}, far from {key.location}")
    if not holds:
        return _unusable(f"{key.name} holds no objects")
    member = accounts.get(key.location, "")
    if member and not found.readers & {member, "allUsers", "allAuthenticatedUsers"}:
        return _unusable(f"{key.name}: {member} may not read it")
    return Present({}, ready=True)


def _near(location: str, region: str) -> bool:
    return location == region or region.startswith(_WIDE.get(location, ("?",)))


def _unusable(text: str) -> Broken:
    return _lacking(text, Reason.BUCKET_UNUSABLE)


def _lacking(text: str, reason: Reason) -> Broken:
    # The remedy is the resource's own: it has the command with every name in it.
    return Broken(NeedsHumanError(text, reason=reason, remedy=""))
