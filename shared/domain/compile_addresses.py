"""Address plan: which ranges our networks take. Fixed by region, so that a range never moves.

172.20.0.0/16 is ours for proxy-only subnets: the auto-mode network uses 10.128.0.0/9, and GKE takes ranges for pods
and services from the rest of 10.0.0.0/8. 192.168.0.0/16 is used inside the separate networks of RDMA pools, where it
may repeat: those networks meet neither each other nor the cluster's.
"""

from __future__ import annotations

# Append only: a region's place is its range, and a range in use cannot be changed.
_SLOTS = (
    *("us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2", "us-west3"),
    *("us-west4", "northamerica-northeast1", "northamerica-northeast2", "northamerica-south1"),
    *("southamerica-east1", "southamerica-west1", "europe-central2", "europe-north1", "europe-north2"),
    *("europe-southwest1", "europe-west1", "europe-west2", "europe-west3", "europe-west4", "europe-west6"),
    *("europe-west8", "europe-west9", "europe-west10", "europe-west12", "me-central1", "me-central2", "me-west1"),
    *("africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3"),
    *("asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "asia-southeast3"),
    *("australia-southeast1", "australia-southeast2"),
)
FABRIC = "192.168.0.0/16"
"""Everything inside the networks of an RDMA pool."""


def proxy_range(region: str) -> str:
    """Return the /23 of a region's proxy-only subnet. LookupError for a region without a place in the plan."""
    if region not in _SLOTS:
        raise LookupError(f"region {region} has no place in the address plan")
    return f"172.20.{2 * _SLOTS.index(region)}.0/23"


def fabric_range(index: int) -> str:
    """Return the /24 of the index-th additional interface of a node: room for some 250 nodes."""
    return f"192.168.{index}.0/24"
