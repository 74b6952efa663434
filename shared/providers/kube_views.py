"""Which Kubernetes API stands behind each cluster, or why it cannot be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.adapters.kube import reach
from shared.domain.inventory import Entry
from shared.domain.names import ResourceKey
from shared.domain.observations import Observed, Unknown
from shared.domain.site import Site
from shared.providers.clusters import Seen, cluster, inside


@dataclass(frozen=True)
class View:
    """One cluster as the place of Kubernetes objects."""

    base: str = ""
    """URL of its API server."""
    version: str = ""
    """Of its control plane."""
    instead: Observed | None = None
    """What must be said of all objects in it, where it is not to be asked."""


Views = Mapping[ResourceKey, View]


@dataclass(frozen=True)
class Doors:
    """How API servers are reached. ``scheme`` is of the DNS endpoint; ``gateway`` replaces Google's Connect Gateway."""

    site: Site
    scheme: str = "https"
    gateway: str = ""


def views(containers: Iterable[ResourceKey], look: Seen, doors: Doors) -> dict[ResourceKey, View]:
    """Return the view of each of these clusters."""
    return {key: _view(key, look, doors) for key in containers}


def _view(key: ResourceKey, look: Seen, doors: Doors) -> View:
    home = cluster(key, Entry(), look, doors.site)
    instead = inside(key, home, look)
    found = look.cluster(key)
    if instead is not None or found is None:
        return View(instead=instead)
    base = reach(found, doors.site.number, doors.scheme, doors.gateway)
    if not base:
        because = f"{key} has neither an open DNS endpoint nor a fleet membership: nothing reaches its Kubernetes API"
        return View(instead=Unknown(because))
    return View(base, str(found.get("current_master_version", "")))
