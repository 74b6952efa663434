"""Starting work inside clusters: server-side apply and deletes, never on what is not marked as ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.adapters.compute import Compute
from shared.adapters.kube import Kube, Object
from shared.adapters.protos import own_fields
from shared.adapters.refusals import Refusal
from shared.domain.conditions import Reason
from shared.domain.errors import PreconditionError
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import differences
from shared.domain.planning import Do, Verb
from shared.domain.site import Site
from shared.providers.base import Answers, foreign_error, marked_object
from shared.providers.gateway_looks import addresses, regions_of
from shared.providers.kube_views import View
from shared.providers.metric_shapes import apply_metric
from shared.providers.smoke_looks import written

Viewer = Callable[[ResourceKey], View]
"""Returns how a cluster's Kubernetes API is reached. Raises PreconditionError where it is not."""
SecretValue = Callable[[str], str]
"""Returns the value of a Secret Manager version by its full name."""


@dataclass(frozen=True)
class Inside:
    """What starts inside clusters need."""

    kube: Kube
    compute: Compute
    site: Site
    view: Viewer
    secret_value: SecretValue

    def start(self, action: Do) -> None:
        """Apply or delete one object; the effect is immediate, what follows from it is seen by later looks."""
        key = action.key
        view = self.view(_home(key))
        found = self.kube.metadata(view.base, key.kind, key.namespace, key.short_name)
        if found is not None and not marked_object(found, self.site):
            raise foreign_error(key)
        if action.verb is Verb.DELETE or (action.verb is Verb.UPDATE and key.kind is Kind.SMOKE_TEST):
            # A Job cannot be changed: a test of another address is a new one, made once this one is gone.
            self._delete(key, view, found)
        elif action.resource is not None:
            # Fields that others set are taken over only on an object that is ours already.
            self._apply(key, view, action.resource.spec, force=found is not None)

    def _delete(self, key: ResourceKey, view: View, found: Mapping[str, Any] | None) -> None:
        if found is not None:
            self.kube.delete(view.base, key.kind, key.namespace, key.short_name, found["uid"])

    def _apply(self, key: ResourceKey, view: View, spec: Mapping[str, Any], *, force: bool) -> None:
        manifest: Object = own_fields(spec)
        match key.kind:
            case Kind.SECRET:
                self._apply_secret(view, manifest, spec.get("_from", {}), force=force)
            case Kind.AUTOSCALING_METRIC:
                apply_metric(self.kube, view, manifest, spec["_shapes"], force=force)
            case Kind.SMOKE_TEST:
                job = written(spec["job"], self._address(spec["_gateway"]), spec["_gateway"])
                self.kube.apply(view.base, key.kind, job, force=force)
            case _ if force:
                self._take_back(key, view, manifest)
            case _:
                self.kube.apply(view.base, key.kind, manifest)

    def _take_back(self, key: ResourceKey, view: View, manifest: Object) -> None:
        """Make an object of ours as wanted again.

        Server-side apply leaves alone what others have added to a list, and may even find the two together invalid.
        """
        try:
            stored = self.kube.apply(view.base, key.kind, manifest, force=True)
        except Refusal as refusal:
            if refusal.status != "INVALID_ARGUMENT":
                raise
        else:
            if not differences(manifest, stored):
                return
        self.kube.overwrite(view.base, key.kind, manifest)

    def _apply_secret(self, view: View, manifest: Object, source: Mapping[str, str], *, force: bool) -> None:
        values = {name: self.secret_value(version) for name, version in source.items()}
        body = {**manifest, "stringData": values} if values else manifest
        try:
            self.kube.apply(view.base, Kind.SECRET, body, force=force)
        except Refusal as refusal:
            # A refusal may repeat what it refuses.
            if any(value in refusal.message for value in values.values()):
                refusal.message = "the API server refused the value of the Secret"
            raise

    def _address(self, where: Mapping[str, str]) -> str:
        """Return the address of the Gateway in the test's region."""
        region, _, name = where["within"].partition("/")
        home = self.view(ResourceKey(region, Kind.CLUSTER, name))
        gateway = self.kube.get(home.base, Kind.GATEWAY, where["namespace"], where["name"])
        asked = where["region"]
        subnets: Answers = {("subnets", asked): self.compute.resources(asked, "subnetworks")}
        found = addresses(gateway, subnets, self.site) if gateway and asked in regions_of(gateway) else {}
        if asked not in found:
            text = f"the Gateway {where['namespace']}/{where['name']} has no address in {asked} yet"
            raise PreconditionError(text, reason=Reason.WAITING)
        return found[asked]


def _home(key: ResourceKey) -> ResourceKey:
    home = key.container
    assert home is not None, "Kubernetes objects live in clusters"  # noqa: S101 - for mypy; compile sees to it
    return home
