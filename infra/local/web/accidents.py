"""What happens to things that run: machines taken away, pools wrecked or deleted by hand, functions killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from infra.local.cloud.cloud import Cloud
from infra.local.web.fault_kinds import BadFaultError, Fault, Field, Values, regions


def accidents(cloud: Cloud, targets: Sequence[str], doomed: Counter[str] | None) -> list[Fault]:
    """Return what can be done to running things once; killing only where somebody can do it."""
    region = Field("region", "Region", regions()[0], regions())

    def each(act: Callable[[str, str, str, str], object], *, empty: bool = False) -> Callable[[Values], object]:
        return lambda values: act(*_where(cloud, values["region"], empty=empty))

    found = [
        Fault(
            "preempt",
            "Machine taken away",
            "A machine of the region's GPU pool vanishes, as spot machines do; the pool gets another at once if there "
            "is one. Its pods wait meanwhile.",
            [region],
            each(cloud.gke.preempt),
        ),
        Fault(
            "wreck",
            "Pool wrecked",
            "The region's GPU pool is in ERROR with no machine left. A pool that has served is never torn down without "
            "a person: the card says what to do.",
            [region],
            each(cloud.gke.wreck_pool),
        ),
        Fault(
            "deleted",
            "Pool deleted by hand",
            "Somebody deletes the region's GPU pool outside of inferops. It is wanted, so it is built again.",
            [region],
            each(cloud.gke.delete_by_hand, empty=True),
        ),
    ]
    if doomed is not None:
        field = Field("target", "Function", targets[0], targets)
        help_text = (
            "The function dies in the middle of its next invocation. Pub/Sub hears no answer and delivers again; "
            "nothing is lost, doubled or applied unapproved."
        )
        kill = Fault(
            "kill", "Function killed", help_text, [field], lambda v: doomed.update([v["target"]]), armed=doomed
        )
        found.append(kill)
    return found


def _where(cloud: Cloud, region: str, *, empty: bool) -> tuple[str, str, str, str]:
    """Return project, location, cluster and pool of the region's first pool with GPUs, with ``empty`` any such pool."""
    for cluster in cloud.gke.clusters():
        if cluster.location == region:
            for pool in cluster.pools.values():
                if pool.shape.gpus and (pool.nodes or empty):
                    return cluster.project, cluster.location, cluster.name, pool.name
    what = "GPU pool" if empty else "GPU pool with machines"
    raise BadFaultError(f"there is no {what} in {region} now; deploy a model there first")
