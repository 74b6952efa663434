"""Estates as a history of asks leaves them, for the tests of what an ask changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st

from shared.domain.amend import Estate, Release, amend
from shared.domain.desired import (
    DeploymentSpec,
    Desired,
    Spec,
)
from shared.domain.errors import TerminalError
from shared.domain.intents import Ask, Delete, Deploy, Scale, Undo
from shared.domain.proposals import Change
from tests.unit.domain.examples import ASIA, CATALOG, EU, US, asked

RELEASE = Release("vllm@sha256:1", "epp@sha256:1", "curl@sha256:1", "projects/p/secrets/s/versions/1")
EMPTY = Estate({})


def deploy(name: str, *places: str, **more: object) -> Deploy:
    """Ask for the example model in these places."""
    regions = dict.fromkeys(places or (US,))
    return replace(Deploy("llama3-8b", regions, name, machine="g2-standard-12", consumption="spot"), **more)  # type: ignore[arg-type]  # by name


def changes_of(ask: Ask, estate: Estate) -> dict[str, Change]:
    return {change.path: change for change in amend(asked(ask), estate, CATALOG, RELEASE)}


def spec_after(ask: Ask, estate: Estate) -> DeploymentSpec:
    spec = amend(asked(ask), estate, CATALOG, RELEASE)[0].after
    assert isinstance(spec, DeploymentSpec)
    return spec


def after(*asks: Ask) -> Estate:
    """Return the estate after these asks were applied, the way decide applies them."""
    estate = EMPTY
    for ask in asks:
        made = dict(estate.desired)
        for change in amend(asked(ask), estate, CATALOG, RELEASE):
            old = estate.at(change.path)
            made[change.path] = Desired(change.path, old.generation + 1, change.after, "p-1", old.spec)
        estate = Estate(made)
    return estate


def specs(estate: Estate) -> dict[str, Spec]:
    return {path: desired.spec for path, desired in estate.desired.items() if desired.spec is not None}


def refused(ask: Ask, estate: Estate) -> TerminalError:
    with pytest.raises(TerminalError) as caught:
        amend(asked(ask), estate, CATALOG, RELEASE)
    return caught.value


NAMES, PLACES = ["chat", "code", "math"], [US, EU, ASIA]
stories = st.lists(
    st.one_of(
        st.builds(
            lambda name, places: deploy(name, *places),
            st.sampled_from(NAMES),
            st.permutations(PLACES).flatmap(lambda order: st.integers(1, 3).map(lambda n: order[:n])),
        ),
        st.builds(Delete, st.sampled_from(NAMES)),
        st.builds(Undo, st.sampled_from(NAMES)),
        st.builds(Scale, st.sampled_from(PLACES), st.sampled_from(NAMES), st.integers(1, 5)),
    ),
    max_size=8,
)


def told(story: list[Ask]) -> Estate:
    """Apply what of a story is not refused."""
    done: list[Ask] = []
    for ask in story:
        try:
            after(*done, ask)
        except TerminalError:
            continue
        done.append(ask)
    return after(*done)
