"""The embedded cloud, held to recorded conversations with the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.project import TITLES
from tests.contract.cloud.conversations import NAMES, Exchange, Replay, read
from tests.contract.cloud.differences import DIFFERENCES, NOT_SERVED
from tests.contract.cloud.shapes import compare, leaves

pytestmark = pytest.mark.skipif(not NAMES, reason="there are no recorded conversations beside this checkout")


@dataclass
class Told:
    """What came of one conversation."""

    requests: int = 0
    fields: int = 0
    left_out: list[str] = field(default_factory=list)
    found: list[tuple[str, str, str]] = field(default_factory=list)
    """About what, at which path, how it differs; ``status`` is the path of another status code."""
    mishaps: list[str] = field(default_factory=list)


def prepare(cloud: Cloud, name: str) -> None:
    """Let there be what a recording's client, or Terraform for us, made by requests that are not served."""
    cloud.storage.buckets.clear()
    cloud.storage.make("test-abc123", "US").location_type = "multi-region"
    cloud.artifacts.push("us-central1-docker.pkg.dev/demo/test-abc123/image:1")
    if name == "fleet-mci-feature":
        for service in TITLES:
            cloud.project.disable(service)


@cache
def replayed(name: str) -> Told:
    """Replay a conversation once for all tests."""
    told, cloud = Told(), Cloud(seed=3).start()
    try:
        prepare(cloud, name)
        replay = Replay(cloud)
        for exchange in read(name):
            if any(rule.covers(exchange.line) for rule in NOT_SERVED):
                told.left_out.append(exchange.line)
            else:
                hear(told, exchange, replay)
        told.mishaps = cloud.world.mishaps
    finally:
        cloud.stop()
    return told


def hear(told: Told, exchange: Exchange, replay: Replay) -> None:
    answer = replay.say(exchange)
    told.requests += 1
    if answer.status_code != exchange.status:
        told.found.append((exchange.about, "status", f"{exchange.line}: {answer.status_code} {answer.text}"))
        return
    ours: Any = answer.json() if answer.content else None
    told.fields += len({path for path, _ in leaves(exchange.answer)})
    told.found += [(exchange.about, path, what) for path, what in compare(exchange.answer, ours).items()]


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_has_the_shape_that_was_recorded(name: str) -> None:
    found = replayed(name).found
    unlisted = {one for one in found if not any(known.covers(*one[:2]) for known in DIFFERENCES)}
    assert sorted(unlisted) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_breaks_on_the_way(name: str) -> None:
    assert replayed(name).mishaps == []


def test_every_listed_difference_is_still_there() -> None:
    found = {one[:2] for name in NAMES for one in replayed(name).found}
    gone = [known for known in DIFFERENCES if not any(known.covers(*one) for one in found)]
    assert gone == []


def test_every_request_said_not_to_be_served_was_recorded(record_property: Any) -> None:
    told = [replayed(name) for name in NAMES]
    lines = {line for one in told for line in one.left_out}
    assert [rule for rule in NOT_SERVED if not any(rule.covers(line) for line in lines)] == []
    asked, fields = sum(one.requests for one in told), sum(one.fields for one in told)
    left_out, differ = sum(len(one.left_out) for one in told), sum(len(one.found) for one in told)
    kinds = f"{differ} differences, all of the {len(DIFFERENCES)} listed kinds"
    summary = f"{len(told)} conversations: {asked} requests replayed, {left_out} not served, {fields} fields, {kinds}"
    record_property("told", summary)


def test_a_field_that_is_missing_is_seen() -> None:
    assert list(compare({"a": {"b": 1}, "c": [{"d": "x"}]}, {"a": {}, "c": [{"d": "y"}]})) == ["a", "a.b", "c[].d"]


def test_values_that_are_others_each_time_are_held_to_their_form() -> None:
    one = {"id": "1", "endTime": "2026-01-05T09:00:00Z", "address": "10.0.0.1", "name": "${operationID}"}
    name = "operation-1767603600000-8384c68c-d5e2-461a-be43-e6b11234e051"
    two = {"id": "2", "endTime": "2026-01-06T09:00:00.5Z", "address": "34.1.2.3", "name": name}
    assert compare(one, two) == {}
