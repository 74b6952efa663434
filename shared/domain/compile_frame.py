"""One deployment seen from one of its regions: the spec, the catalogue's answers and every name derived from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from shared.domain.catalog import Catalog, Engine, Fit
from shared.domain.compile_place import Place, object_labels
from shared.domain.desired import DeploymentSpec, namespace_of
from shared.domain.names import GLOBAL, Kind, ResourceKey
from shared.domain.site import Site


@dataclass(frozen=True)
class Frame:
    """What the manifests of one region are made from."""

    name: str
    """The deployment's: also the name of its pool, model server, Gateway and route."""
    spec: DeploymentSpec
    region: str
    config_region: str
    site: Site
    catalog: Catalog

    @cached_property
    def fit(self) -> Fit:
        """The model on its machine. Raises TerminalError where the catalogue does not offer that here."""
        machine = self.catalog.machine(self.spec.machine)
        return self.catalog.option_for(self.catalog.model(self.spec.model), machine, self.catalog.region(self.region))

    @property
    def engine(self) -> Engine:
        """The model server's profile."""
        return self.catalog.engine()

    @property
    def namespace(self) -> str:
        """The deployment's own namespace, the same in every cluster."""
        return namespace_of(self.name)

    @property
    def picker(self) -> str:
        """Name of the endpoint picker's objects."""
        return f"{self.name}-epp"

    @property
    def imported(self) -> str:
        """Name of the policies on the import: not the pool's own, whose policies share the namespace."""
        return f"{self.name}-import"

    @property
    def labels(self) -> dict[str, str]:
        """What marks the deployment's objects."""
        return object_labels(self.site, self.name)

    @property
    def served_names(self) -> tuple[str, str]:
        """The name that requests carry, and one that only this region's servers answer to.

        The load balancer may send a request to any region, so an answer under the common name says nothing of a
        region's own servers; one under the second name can only have come from them.
        """
        return self.spec.served_name, f"{self.spec.served_name}-{self.region}"

    @property
    def here(self) -> Place:
        """The region's own cluster. On the config cluster the namespace is the global unit's.

        The Gateway stays there when the region itself is given up, and one object must not have two owners.
        """
        return Place(self.region, self.region, GLOBAL if self.region == self.config_region else "")

    @property
    def config(self) -> Place:
        """The config cluster, as the global unit sees it."""
        return Place(GLOBAL, self.config_region)

    def pool_key(self) -> ResourceKey:
        """Return the key of the region's InferencePool."""
        return self.here.key(Kind.INFERENCE_POOL, self.name, self.namespace)

    def gateway_key(self) -> ResourceKey:
        """Return the key of the deployment's Gateway."""
        return self.config.key(Kind.GATEWAY, self.name, self.namespace)

    def route_key(self) -> ResourceKey:
        """Return the key of the deployment's route."""
        return self.config.key(Kind.HTTP_ROUTE, self.name, self.namespace)
