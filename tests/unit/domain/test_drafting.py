"""What a proposal says of its changes, and the digest that a vote binds: every bound thing moves it, nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.amend import Estate, amend
from shared.domain.compile import compile_desired
from shared.domain.desired import FleetSpec, Spec
from shared.domain.drafting import Draft, draft, needs
from shared.domain.graph import ResourceGraph
from shared.domain.intents import Ask, Delete, Deploy, Scale
from shared.domain.names import Kind
from shared.domain.quotes import PriceLine, QuotaFinding
from shared.domain.site import Site
from tests.unit.domain.estates import EMPTY, RELEASE, after, deploy
from tests.unit.domain.examples import ANY, CATALOG, CLUSTER, EU, US, asked, minutes, serving, wanted

SITE = Site("demo", "123456789012", repository="us-docker.pkg.dev/demo/inferops")
CHAT = "deployments/chat"
FINDING = QuotaFinding(US, "PREEMPTIBLE_NVIDIA_L4_GPUS", 2, 8, 1)


def compiled(path: str, spec: Spec | None, fleet: FleetSpec | None) -> ResourceGraph:
    return compile_desired(path, spec, fleet, SITE, CATALOG)


def drafted(ask: Ask, estate: Estate = EMPTY) -> Draft:
    changes = amend(asked(ask), estate, CATALOG, RELEASE)
    return draft(changes, estate, compiled, (FINDING,), CATALOG)


DRAFT = drafted(Scale(US, "chat", 5), after(deploy("chat", US)))


def price(usd: float | None) -> tuple[PriceLine, ...]:
    return (PriceLine(US, "node", 1, usd),)


def with_quote(**changes: Any) -> Draft:
    return replace(DRAFT, quote=replace(DRAFT.quote, **changes))


def with_change(**changes: Any) -> Draft:
    return replace(DRAFT, changes=(replace(DRAFT.changes[0], **changes), *DRAFT.changes[1:]))


def with_difference(**changes: Any) -> Draft:
    return replace(DRAFT, difference=replace(DRAFT.difference, **changes))


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(with_change(generation=9), id="the generation of a document"),
        pytest.param(with_change(path="deployments/code"), id="which document"),
        pytest.param(with_change(before=serving({US: 2})), id="the spec before"),
        pytest.param(with_change(after=serving({US: 6})), id="the spec after"),
        pytest.param(with_difference(create=(wanted(CLUSTER),)), id="a resource to create"),
        pytest.param(with_difference(delete=(wanted(CLUSTER),)), id="a resource to delete"),
        pytest.param(with_difference(update=()), id="a resource to update"),
        pytest.param(
            with_difference(update=((wanted(CLUSTER), wanted(CLUSTER, channel="RAPID")),)), id="what a resource becomes"
        ),
        pytest.param(with_quote(after=price(1.00)), id="the price after"),
        pytest.param(with_quote(before=price(1.00)), id="the price before"),
        pytest.param(with_quote(catalogue="tomorrow"), id="the date of the prices"),
        pytest.param(with_quote(quota=(replace(FINDING, usage=8),)), id="the verdict of a quota"),
        pytest.param(with_quote(quota=(replace(FINDING, region=EU),)), id="the region of a quota"),
        pytest.param(with_quote(quota=()), id="which quotas were looked at"),
    ],
)
def test_the_digest_changes_with(moved: Draft) -> None:
    assert moved.digest("rule", "policy") != DRAFT.digest("rule", "policy")


def test_the_digest_changes_with_rule_and_policy() -> None:
    assert len({DRAFT.digest(rule, policy) for rule in "ab" for policy in "ab"}) == 4


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(with_quote(eta=minutes(999)), id="the time it takes"),
        pytest.param(with_quote(quota=(replace(FINDING, usage=2, limit=99),)), id="live figures under one verdict"),
        pytest.param(with_quote(notes=("mind the gap",)), id="notes"),
        pytest.param(replace(DRAFT, summary=("other words",)), id="words"),
    ],
)
def test_the_digest_does_not_change_with(same: Draft) -> None:
    assert same.digest("rule", "policy") == DRAFT.digest("rule", "policy")


def test_the_digest_does_not_change_with_a_fraction_of_a_cent() -> None:
    dear, dearer = with_quote(after=price(1.0)), with_quote(after=price(1.0001))
    assert dear.digest("rule", "policy") == dearer.digest("rule", "policy")


@settings(ANY, max_examples=12)
@given(st.permutations(list(after(deploy("chat", US), deploy("code", EU)).desired.items())))
def test_the_digest_does_not_change_with_the_order_that_documents_are_read_in(items: list[Any]) -> None:
    ask = Deploy("llama3-8b", {US: 2, EU: 2}, "chat", machine="g2-standard-12", consumption="spot")
    estate = after(deploy("chat", US), deploy("code", EU))
    assert drafted(ask, Estate(dict(items))).digest("r", "p") == drafted(ask, estate).digest("r", "p")


def test_the_dry_run_is_the_difference_of_the_very_graphs_that_are_built() -> None:
    found = drafted(deploy("chat", US)).difference
    estate = after(deploy("chat", US))
    graphs = [compiled(path, desired.spec, estate.fleet) for path, desired in estate.desired.items()]
    built = {r.key for graph in graphs for r in graph if not r.is_check}
    assert {r.key for r in found.create} == built and not found.update and not found.delete


def test_taking_down_deletes_what_deploying_created() -> None:
    created = {r.key for r in drafted(deploy("chat", US, EU)).difference.create}
    assert {r.key for r in drafted(Delete("chat"), after(deploy("chat", US, EU))).difference.delete} == created


def test_counts_are_those_of_the_difference() -> None:
    made = drafted(deploy("chat", US))
    assert made.counts == {"create": len(made.difference.create), "update": 0, "delete": 0}


def test_the_summary_names_what_is_new_and_what_is_dear() -> None:
    summary = drafted(deploy("chat", US)).summary
    assert {f"platform/{US}: new", f"creates {CLUSTER}"} <= set(summary)
    assert any(line.startswith(f"creates {Kind.NODE_POOL}") for line in summary)


def test_the_summary_says_what_a_new_deployment_is_made_of() -> None:
    (line,) = [line for line in drafted(deploy("chat", US)).summary if line.startswith(CHAT)]
    assert "llama-3.1-8b on g2-standard-12 (spot)" in line and f" x {US}-" in line and "the Hugging Face hub" in line


def test_the_summary_says_each_field_that_changes() -> None:
    assert f"{CHAT} regions.{US}.replicas: 3 → 5" in DRAFT.summary


def test_the_summary_says_what_goes() -> None:
    summary = drafted(Delete("chat"), after(deploy("chat", US))).summary
    assert {f"{CHAT}: goes", f"platform/{US}: goes", f"deletes {CLUSTER}"} <= set(summary)


def test_the_quota_reader_is_asked_for_the_growth_alone() -> None:
    assert needs(DRAFT.changes, CATALOG) == {(US, "PREEMPTIBLE_NVIDIA_L4_GPUS"): 2}
