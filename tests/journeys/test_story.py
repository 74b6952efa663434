"""The demo's whole story, over the wires: once on the embedded cloud, once on Google's emulators where they are."""

from __future__ import annotations

import pytest

from infra.local.story import Check, Story

SEEN = (
    "the plan shows the cost",
    "the plan shows a quota finding",
    "the plan shows an ETA",
    "the refusal names its rule, privately",
    "nothing was applied",
    "the card shows progress",
    "both regions are Ready",
    "model servers are ready in both regions",
    "the smoke test passed in both regions",
    "llama3-8b answers at 2 address(es)",
    "us-east4 serves with 4/4",
    "the backends spill over at 55 %",
    "the balancing is as before",
    "nothing of llama3-8b runs",
    "the world is as it was before",
)


def check(story: Story, name: str) -> Check:
    return next(one for one in story.checks if one.name == name)


@pytest.mark.parametrize("name", SEEN)
def test_the_story_shows_that(story: Story, name: str) -> None:
    found = check(story, name)
    assert found.passed, found.evidence


def test_nothing_else_fails_in_the_story(story: Story) -> None:
    assert [f"{one.name}: {one.evidence}" for one in story.checks if not one.passed] == []


def test_the_cost_is_a_sum_of_money(story: Story) -> None:
    assert "USD" in check(story, "the plan shows the cost").evidence


def test_every_step_took_time_of_the_cloud(story: Story) -> None:
    assert len(story.steps) == 8
    assert sum(step.virtual.total_seconds() for step in story.steps) > 1800
