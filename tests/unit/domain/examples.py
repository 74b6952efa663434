"""Small values and strategies that the tests of the domain share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from shared.catalog.load import load
from shared.domain.desired import DeploymentSpec, Placement
from shared.domain.errors import InferError, NeedsHumanError, PreconditionError, RetryableError, TerminalError
from shared.domain.graph import Resource
from shared.domain.intents import Ask, Deploy, Intent
from shared.domain.names import Kind, ResourceKey

T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CATALOG = load()
ANY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
US, EU, ASIA = "us-east4", "europe-west3", "asia-southeast1"
STOCK_OUT = RetryableError("no stock", reason="StockOut")
HOME = f"{US}/inferops-{US}"
CLUSTER = ResourceKey(US, Kind.CLUSTER, f"inferops-{US}")
POOL = ResourceKey(US, Kind.NODE_POOL, "chat-1", HOME)
WORK = ResourceKey(US, Kind.WORKLOAD, "infer-chat/chat", HOME)
SUBNET = ResourceKey(US, Kind.SUBNETWORK, "proxy")
FIREWALL = ResourceKey(US, Kind.FIREWALL, "probes")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def need(*keys: ResourceKey) -> frozenset[ResourceKey]:
    return frozenset(keys)


def wanted(key: ResourceKey, *needs: ResourceKey, **spec: Any) -> Resource:
    return Resource(key, spec, frozenset(needs))


def serving(regions: dict[str, int] | None = None, **changes: Any) -> DeploymentSpec:
    """Return a deployment of the small example model."""
    placed = {region: Placement(count, f"{region}-a") for region, count in (regions or {US: 3}).items()}
    fields: dict[str, Any] = {
        "model": "llama-3.1-8b",
        "served_name": "chat",
        "machine": "g2-standard-12",
        "consumption": "spot",
        "regions": placed,
        "image": "vllm@sha256:0",
        "picker_image": "epp@sha256:0",
        "probe_image": "curl@sha256:0",
    }
    return DeploymentSpec(**{**fields, **changes})


def asked(ask: Ask | None = None, user: str = "ana", **changes: Any) -> Intent:
    """Return an intent."""
    fields: dict[str, Any] = {"id": "i-1", "channel": "C1", "at": T0, **changes}
    return Intent(ask=ask or Deploy("llama3-8b", {US: None}, "chat"), user=user, **fields)


words = st.text(st.characters(codec="utf-8", exclude_characters="|", exclude_categories=["Cs"]), max_size=12)
times = st.integers(0, 10**7).map(lambda count: T0 + seconds(count))
regions = st.sampled_from([US, EU, ASIA])
homes = st.sampled_from(["", HOME, f"{EU}/inferops-{EU}"])
keys = st.builds(ResourceKey, regions | st.just("global"), st.sampled_from(Kind), words, homes)
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
errors: st.SearchStrategy[InferError] = st.sampled_from(
    [
        STOCK_OUT,
        RetryableError("slow down", reason="RateLimited", after=seconds(30)),
        RetryableError("the answer was lost", reason="DeadlineExceeded"),
        PreconditionError("it is busy", reason="Busy"),
        NeedsHumanError("no quota", reason="QuotaExceeded", remedy="ask for more"),
        TerminalError("no such image", reason="ImageNotFound", field="image"),
    ]
)
