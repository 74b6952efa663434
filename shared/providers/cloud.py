"""The providers put together: one look at all keys by batched questions, and starts side by side."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.adapters import compute as compute_door
from shared.adapters import fleet as fleet_door
from shared.adapters import gke as gke_door
from shared.adapters import kube as kube_door
from shared.adapters.classify import KNOWN, classify, refusal_of, unexpected
from shared.adapters.compute import Compute
from shared.adapters.fleet import Fleet
from shared.adapters.gke import Gke
from shared.adapters.kube import Kube
from shared.adapters.monitoring import Monitoring
from shared.adapters.project import Project
from shared.adapters.storage import Storage
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, PreconditionError
from shared.domain.inventory import Entry
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Absent, Broken, Observation, Observed, Unknown
from shared.domain.planning import Do, Verb
from shared.domain.settling import Result, Started
from shared.domain.site import Site
from shared.providers import alerting, checks, cluster_starts, clusters, fleets, kube_looks, networks
from shared.providers.base import Keys, gather
from shared.providers.kube_starts import Inside, SecretValue
from shared.providers.kube_views import Doors, View, views

_LOG = logging.getLogger(__name__)
_ROLES = (
    (networks.KINDS, compute_door.ROLE),
    (clusters.KINDS, gke_door.ROLE),
    (fleets.KINDS, fleet_door.ROLE),
    (kube_looks.KINDS, kube_door.ROLE),
    *((frozenset({kind}), role) for kind, role in alerting.ROLES.items()),
)


class CloudProviders:
    """Keeps ``ports.Providers`` over the real APIs. Safe to share between threads.

    ``grants`` are the catalogue's (``checks.grants_of``); ``secret_value`` reads a Secret Manager version.
    """

    def __init__(
        self,
        *,
        gke: Gke,
        compute: Compute,
        fleet: Fleet,
        kube: Kube,
        project: Project,
        storage: Storage,
        monitoring: Monitoring,
        grants: checks.Grants,
        secret_value: SecretValue,
        site: Site,
        kube_scheme: str = "https",
        gateway: str = "",
        workers: int = 16,
    ) -> None:
        self._gke, self._compute, self._fleet, self._kube = gke, compute, fleet, kube
        self._project, self._storage, self._grants, self._site = project, storage, grants, site
        self._monitoring = monitoring
        self._doors = Doors(site, kube_scheme, gateway)
        self._secret_value = secret_value
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="providers")

    # Looking -------------------------------------------------------------------------------------------------

    def look(self, inventory: Keys) -> Observation:
        """Return what is seen of each key. Never raises: what could not be seen is Unknown."""
        try:
            return self._look(inventory)
        except Exception as error:  # noqa: BLE001 - logged with its trace; a blind round is safer than none
            _LOG.exception("the look broke")
            return dict.fromkeys(inventory, Unknown(str(unexpected(error, "look at the clouds"))))

    def _look(self, inventory: Keys) -> Observation:
        flat, housed = _of(inventory, clusters.KINDS), _of(inventory, kube_looks.KINDS)
        families = (networks, fleets, checks, alerting)
        nets, fleet, asked, watch = (_of(inventory, each.KINDS) for each in families)
        # Operations first: one that has ended must be followed by a list that shows what it did. The other way round
        # a finished change would look as if it had not been kept.
        before = {**networks.operations(nets, self._compute), **fleets.operations(fleet, self._fleet)}
        lists = {**networks.calls(nets, self._compute), **fleets.calls(fleet, self._fleet)}
        before |= alerting.operations(watch, self._monitoring)
        lists |= checks.calls(asked, self._project, self._storage)
        lists |= alerting.calls(watch, self._monitoring)
        if flat or housed:
            before |= clusters.operations(self._gke)
            lists |= clusters.calls(self._gke)
        answers = gather(self._pool, before)
        answers |= gather(self._pool, lists)
        seen: dict[ResourceKey, Observed] = {
            **networks.read(nets, answers, self._site),
            **fleets.read(fleet, answers, self._site),
            **checks.read(asked, answers, self._grants, _readers(inventory, self._site)),
            **alerting.read(watch, answers, self._site),
        }
        if flat or housed:
            gke = clusters.seen(answers)
            seen |= clusters.read(flat, gke, self._site)
            seen |= self._look_inside(housed, gke)
        return {key: seen[key] for key in inventory}

    def _look_inside(self, keys: Keys, gke: clusters.Seen) -> dict[ResourceKey, Observed]:
        every = views({home for key in keys if (home := key.container)} | _ours(gke, self._site), gke, self._doors)
        answers = gather(self._pool, kube_looks.calls(keys, every, self._kube))
        found = kube_looks.find(keys, answers)
        more = kube_looks.follow_ups(found, every, self._kube, self._compute)
        answers |= gather(self._pool, {asked: call for asked, call in more.items() if asked not in answers})
        return kube_looks.read(keys, every, found, answers, self._site)

    # Starting ------------------------------------------------------------------------------------------------

    def start(self, actions: Iterable[Do], inventory: Keys) -> Mapping[ResourceKey, Result]:
        """Start each action; return per key how that went."""
        todo = list(actions)
        held = self._held([action for action in todo if action.key.kind in clusters.KINDS])
        listed = _Once(self._gke)
        inside = Inside(self._kube, self._compute, self._site, lambda key: self._view(key, listed), self._secret_value)
        due = [action for action in todo if action.key not in held]
        tried = self._pool.map(lambda a: self._start(a, inventory.get(a.key, Entry()), inside, listed), due)
        results = dict(zip((action.key for action in due), tried, strict=True))
        # Looked at here, not where it was met: a worker that waits for workers could wait for ever.
        return {**held, **results, **self._adopted([key for key, result in results.items() if _taken(result)])}

    def _held(self, actions: list[Do]) -> dict[ResourceKey, InferError]:
        if not actions:
            return {}
        try:
            return cluster_starts.gate(actions, self._gke.operations())
        except KNOWN as error:
            sorted_out = classify(error, "list cluster operations", role=gke_door.ROLE)
            return dict.fromkeys((action.key for action in actions), sorted_out)

    def _start(self, action: Do, entry: Entry, inside: Inside, listed: _Once) -> Result:
        try:
            return Started(self._dispatch(action, entry, inside, listed))
        except KNOWN as error:
            return self._refused(action, error)
        except Exception as error:  # noqa: BLE001 - logged with its trace; the other starts of the round go on
            _LOG.exception("a start broke", extra={"key": str(action.key)})
            return unexpected(error, f"{action.verb} {action.key}")

    def _dispatch(self, action: Do, entry: Entry, inside: Inside, listed: _Once) -> str:
        kind = action.key.kind
        if kind in clusters.KINDS:
            return cluster_starts.start(action, self._gke, listed)
        if kind in networks.KINDS:
            return networks.start(action, entry, self._compute)
        if kind in fleets.KINDS:
            return fleets.start(action, entry, self._fleet)
        if kind in alerting.KINDS:
            return alerting.start(action, self._monitoring, self._site)
        inside.start(action)
        return ""

    def _refused(self, action: Do, error: BaseException) -> Result:
        """Sort a refusal: gone already is deleted, there already is either ours or somebody's."""
        doing = f"{action.verb} {action.key}"
        role = next((role for kinds, role in _ROLES if action.key.kind in kinds), "")
        sorted_out = classify(error, doing, role=role)
        status = "" if isinstance(error, InferError) else refusal_of(error).status
        if action.verb is Verb.DELETE and status == "NOT_FOUND":
            return Started()
        return sorted_out

    def _adopted(self, keys: list[ResourceKey]) -> dict[ResourceKey, Result]:
        """Look at what is there already: ours is as good as started, somebody else's needs a person."""
        seen = self.look(dict.fromkeys(keys, Entry())) if keys else {}
        return {key: _adoption(key, observed) for key, observed in seen.items()}

    def _view(self, key: ResourceKey, listed: _Once) -> View:
        view = views([key], clusters.Seen(clusters=listed()), self._doors)[key]
        if view.instead is not None:
            raise PreconditionError(f"{key} cannot be reached just now", reason=Reason.WAITING)
        return view


class _Once:
    """The clusters by location and name, asked for at most once in a round of starts, and only when needed."""

    def __init__(self, gke: Gke) -> None:
        self._gke = gke
        self._found: Mapping[tuple[str, str], Mapping[str, Any]] | None = None

    def __call__(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        if self._found is None:  # two threads may both ask; both get the same answer
            listed, _missing = self._gke.clusters()
            self._found = {(cluster["location"], cluster["name"]): cluster for cluster in listed}
        return self._found


def _taken(result: Result) -> bool:
    return isinstance(result, InferError) and result.reason == Reason.ALREADY_EXISTS


def _adoption(key: ResourceKey, seen: Observed) -> Result:
    match seen:
        case Broken(error) if error.reason == Reason.FOREIGN:
            return error
        case Unknown(because):
            return PreconditionError(f"create {key}: it exists, but {because}", reason=Reason.NOT_SEEN)
        case Absent():
            return PreconditionError(f"create {key}: its name is taken by one that comes or goes", reason=Reason.BUSY)
        case _:
            return Started()


def _of(inventory: Keys, kinds: frozenset[Kind]) -> dict[ResourceKey, Entry]:
    return {key: entry for key, entry in inventory.items() if key.kind in kinds}


def _ours(gke: clusters.Seen, site: Site) -> set[ResourceKey]:
    """Return the keys of all our clusters: a smoke test looks at a Gateway in another one."""
    every = (ResourceKey(location, Kind.CLUSTER, name) for location, name in gke.clusters)
    return {key for key in every if not isinstance(clusters.cluster(key, Entry(), gke, site), Broken | Unknown)}


def _readers(inventory: Keys, site: Site) -> dict[str, str]:
    """Return per location the IAM member that reads the weights: the model servers' account, named as their pool."""
    pool = f"projects/{site.number}/locations/global/workloadIdentityPools/{site.project}.svc.id.goog"
    return {
        key.location: f"principal://iam.googleapis.com/{pool}/subject/ns/{key.namespace}/sa/{key.short_name}"
        for key in inventory
        if key.kind is Kind.INFERENCE_POOL
    }
