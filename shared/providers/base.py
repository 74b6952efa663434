"""What all families of providers share: calls made side by side, the mark of what is ours, foreign things."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from shared.adapters.classify import KNOWN, classify, unexpected
from shared.domain.compile_place import MANAGED_BY, OWNER, cloud_labels, description
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError
from shared.domain.inventory import Entry
from shared.domain.names import MANAGER, ResourceKey
from shared.domain.observations import Broken
from shared.domain.site import Site

_LOG = logging.getLogger(__name__)
Keys = Mapping[ResourceKey, Entry]


@dataclass(frozen=True)
class Call:
    """One question to a cloud: what it is for, the role that it takes, and how to ask it."""

    doing: str
    role: str
    ask: Callable[[], Any]


Calls = Mapping[Hashable, Call]
Answers = Mapping[Hashable, Any]
"""Per call what came back, or our error."""


def gather(pool: Executor, calls: Calls) -> dict[Hashable, Any]:
    """Make all calls side by side; a call that fails answers with our error."""
    return dict(zip(calls, pool.map(answer, calls.values()), strict=True))


def answer(call: Call) -> Any:
    """Make one call; return what came back, or our error."""
    try:
        return call.ask()
    except KNOWN as error:
        return classify(error, call.doing, role=call.role)
    except Exception as error:  # noqa: BLE001 - logged with its trace; one broken call must not blind the whole look
        _LOG.exception("a provider's call broke", extra={"doing": call.doing})
        return unexpected(error, call.doing)


def foreign(key: ResourceKey) -> Broken:
    """Return what is seen of a thing of our name that is not marked as ours.

    It is nothing of ours that could be kept, changed or deleted: wanted, it holds; unwanted, it counts as gone. That is
    what a failure without a wreck means.
    """
    return Broken(foreign_error(key), wreck=False)


def foreign_error(key: ResourceKey) -> InferError:
    """Return the refusal to touch what is not ours."""
    return NeedsHumanError(
        f"{key} exists and is not marked as ours",
        reason=Reason.FOREIGN,
        remedy=f"delete {key} by hand if nobody needs it, or choose another name",
    )


def marked_object(metadata: Mapping[str, Any], site: Site) -> bool:
    """Say whether a Kubernetes object is ours. What Helm installed belongs to its release."""
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    ours = labels.get(MANAGED_BY) == MANAGER and labels.get(OWNER) == site.owner
    return ours and not any(key.startswith("meta.helm.sh/") for key in annotations)


def marked_labels(labels: Mapping[str, str], site: Site) -> bool:
    """Say whether a cloud resource with these labels is ours."""
    return cloud_labels(site).items() <= labels.items()


def marked_text(text: str, site: Site) -> bool:
    """Say whether a cloud resource with this description is ours."""
    return text == description(site)
