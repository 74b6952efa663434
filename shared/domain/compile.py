"""Desired state in, resource graph out: what planning, the proposal's dry run and the controllers all compare.

Pure and deterministic: the same documents give the same graph, byte for byte.
"""

from __future__ import annotations

from shared.domain.catalog import Catalog
from shared.domain.compile_deployment import deployment_region
from shared.domain.compile_fleet import fleet_platform
from shared.domain.compile_frame import Frame
from shared.domain.compile_platform import region_platform
from shared.domain.compile_routing import deployment_routing
from shared.domain.desired import DeploymentSpec, FleetSpec, PlatformSpec, Spec
from shared.domain.errors import PreconditionError
from shared.domain.graph import ResourceGraph
from shared.domain.site import Site


def compile_desired(
    path: str, spec: Spec | None, fleet: FleetSpec | None, site: Site, catalog: Catalog
) -> ResourceGraph:
    """Return the graph of one desired document; empty where ``spec`` is None: nothing of it should exist.

    ``path`` is ``platform/REGION``, ``platform/global`` or ``deployments/NAME``. A deployment's graph spans its
    regions and ``global``, and needs keys of the platforms. Raises TerminalError where the catalogue does not sell
    what the spec asks for, PreconditionError for a deployment without a fleet.
    """
    name = path.partition("/")[2]
    match spec:
        case None:
            return ResourceGraph()
        case PlatformSpec():
            return region_platform(name, site, catalog)
        case FleetSpec():
            return fleet_platform(spec, site, catalog)
        case DeploymentSpec():
            return _deployment(name, spec, fleet, site, catalog)


def regions_of(spec: Spec | None) -> tuple[str, ...]:
    """Return the regions that a spec names, sorted: a deployment's own, or the fleet's config region."""
    match spec:
        case DeploymentSpec(regions=regions):
            return tuple(sorted(regions))
        case FleetSpec(config_region=region):
            return (region,)
        case PlatformSpec() | None:
            return ()


def _deployment(
    name: str, spec: DeploymentSpec, fleet: FleetSpec | None, site: Site, catalog: Catalog
) -> ResourceGraph:
    if fleet is None:
        raise PreconditionError(f"deployment {name} has no config cluster yet", reason="Waiting")
    frames = [Frame(name, spec, region, fleet.config_region, site, catalog) for region in regions_of(spec)]
    graph = deployment_routing(frames)
    for frame in frames:
        graph |= deployment_region(frame)
    return graph
