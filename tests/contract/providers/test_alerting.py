"""Alert policies and notification channels over Monitoring's gRPC, whose names are the server's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.cloud import monitoring_v3

from shared.adapters.monitoring import Monitoring
from shared.catalog.load import load
from shared.domain.compile_alerts import alert_policy, notification_channel
from shared.domain.compile_frame import Frame
from shared.domain.errors import PreconditionError, RetryableError
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.inventory import Entry, Status, Unit
from shared.domain.names import GLOBAL, ResourceKey
from shared.domain.observations import Absent, Observed, Present, Unknown, differences
from shared.domain.planning import Do, Verb
from shared.domain.settling import Result, Started
from shared.providers import alerting
from shared.providers.base import answer
from shared.providers.cloud import CloudProviders
from tests.contract.providers.whole_cloud import EAST, SITE, WEST, Rounds, WholeCloud, converge, spec

CHANNEL = notification_channel(SITE, ())
POLICY = alert_policy(Frame("llm", spec(EAST, WEST), EAST, EAST, SITE, load()), ())
ELSEWHERE = alert_policy(Frame("llm", spec(EAST, WEST), WEST, EAST, SITE, load()), ())
Policy = monitoring_v3.AlertPolicy


def see(providers: CloudProviders, key: ResourceKey) -> Observed:
    return providers.look({key: Entry()})[key]


def begin(providers: CloudProviders, resource: Resource, verb: Verb = Verb.CREATE) -> Result:
    action = Do(resource.key, verb, "", None if verb is Verb.DELETE else resource)
    return providers.start([action], {})[resource.key]


def change(cloud: WholeCloud, how: Callable[[Any], None]) -> None:
    """Let a person change the only policy."""
    [policy] = policies(cloud)
    cloud.run(lambda: how(policy))


def policies(cloud: WholeCloud) -> list[Any]:
    return list(cloud.alerting.policies.all.values())


def channels(cloud: WholeCloud) -> list[str]:
    return list(cloud.alerting.channels.all)


def twin(cloud: WholeCloud) -> None:
    """Let the create whose answer was lost arrive now, a second after ours."""

    def add(kept: dict[str, Any]) -> None:
        [one] = kept.values()
        other = type(one)()
        other.CopyFrom(one)
        other.name = f"{one.name.rpartition('/')[0]}/1"
        other.creation_record.mutate_time.seconds += 1
        kept[other.name] = other

    cloud.run(lambda: add(cloud.alerting.policies.all or cloud.alerting.channels.all))


@pytest.fixture
def watched(providers: CloudProviders) -> CloudProviders:
    """A channel and a policy, built."""
    for resource in (CHANNEL, POLICY):
        assert isinstance(begin(providers, resource), Started)
    return providers


@pytest.mark.parametrize("resource", [CHANNEL, POLICY], ids=["channel", "policy"])
def test_what_was_made_reads_back_as_wanted(watched: CloudProviders, resource: Resource) -> None:
    seen = see(watched, resource.key)
    assert isinstance(seen, Present) and seen.ready
    assert differences(resource.spec, seen.spec) == ()


def test_a_policy_names_its_channel_as_the_server_does(cloud: WholeCloud, watched: CloudProviders) -> None:
    [policy] = policies(cloud)
    assert list(policy.notification_channels) == channels(cloud) != []
    assert see(watched, POLICY.key).spec["notification_channels"] == ["alerts"]  # type: ignore[union-attr]  # it is there


def test_a_policy_waits_for_its_channel(cloud: WholeCloud, providers: CloudProviders) -> None:
    result = begin(providers, POLICY)
    assert isinstance(result, PreconditionError) and "NotificationChannel alerts" in str(result)
    assert policies(cloud) == []


def _threshold(policy: Any) -> None:
    [hot] = [each for each in policy.conditions if each.display_name == "KV cache hot"]
    asked = hot.condition_prometheus_query_language
    asked.query = asked.query.replace("> 0.65", "> 0.95")


def _another_condition(policy: Any) -> None:
    policy.conditions.add(display_name="Mine").condition_prometheus_query_language.query = "up == 0"


@pytest.mark.parametrize(
    ("hand", "field"),
    [
        pytest.param(_threshold, "conditions[3].condition_prometheus_query_language.query", id="another threshold"),
        pytest.param(_another_condition, "conditions", id="one more condition"),
        pytest.param(lambda policy: policy.conditions.pop(), "conditions", id="one condition less"),
        pytest.param(lambda policy: policy.notification_channels.pop(), "notification_channels", id="silenced"),
        pytest.param(lambda policy: setattr(policy.enabled, "value", False), "enabled", id="switched off"),
        pytest.param(lambda policy: setattr(policy, "display_name", "mine"), "display_name", id="another title"),
        pytest.param(lambda policy: setattr(policy, "severity", Policy.Severity.CRITICAL), "severity", id="severity"),
    ],
)
def test_a_change_by_hand_is_seen_and_undone(
    cloud: WholeCloud, watched: CloudProviders, hand: Callable[[Any], None], field: str
) -> None:
    change(cloud, hand)
    seen = see(watched, POLICY.key)
    assert isinstance(seen, Present) and differences(POLICY.spec, seen.spec) == (field,)
    assert isinstance(begin(watched, POLICY, Verb.UPDATE), Started)
    mended = see(watched, POLICY.key)
    assert isinstance(mended, Present) and differences(POLICY.spec, mended.spec) == ()


def test_a_repaired_condition_keeps_its_name_and_so_its_incidents(cloud: WholeCloud, watched: CloudProviders) -> None:
    [policy] = policies(cloud)
    before = {each.display_name: each.name for each in policy.conditions}
    change(cloud, _threshold)
    begin(watched, POLICY, Verb.UPDATE)
    [policy] = policies(cloud)
    assert {each.display_name: each.name for each in policy.conditions} == before


def test_the_order_in_which_conditions_are_kept_means_nothing(cloud: WholeCloud, watched: CloudProviders) -> None:
    change(cloud, lambda policy: policy.conditions.reverse())
    seen = see(watched, POLICY.key)
    assert isinstance(seen, Present) and differences(POLICY.spec, seen.spec) == ()


def test_a_changed_wish_is_carried_out(cloud: WholeCloud, watched: CloudProviders) -> None:
    earlier = alert_policy(Frame("llm", spec(EAST, WEST, utilization=40), EAST, EAST, SITE, load()), ())
    assert isinstance(begin(watched, earlier, Verb.UPDATE), Started)
    seen = see(watched, POLICY.key)
    assert isinstance(seen, Present) and differences(earlier.spec, seen.spec) == ()
    assert len(policies(cloud)) == 1


def test_a_lost_answer_leaves_one_policy(cloud: WholeCloud, providers: CloudProviders) -> None:
    begin(providers, CHANNEL)
    cloud.run(lambda: cloud.world.faults.answer_lost.update({"monitoring": 1}))
    assert isinstance(begin(providers, POLICY), RetryableError)
    assert isinstance(see(providers, POLICY.key), Present)
    assert len(policies(cloud)) == 1


@pytest.mark.parametrize("resource", [CHANNEL, POLICY], ids=["channel", "policy"])
def test_of_two_the_younger_goes(cloud: WholeCloud, providers: CloudProviders, resource: Resource) -> None:
    kept = cloud.alerting.channels.all
    if resource is POLICY:
        begin(providers, CHANNEL)
        kept = cloud.alerting.policies.all
    begin(providers, resource)
    [first] = kept
    twin(cloud)
    seen = see(providers, resource.key)
    assert isinstance(seen, Present) and differences(resource.spec, seen.spec) == ("copies",)
    assert isinstance(begin(providers, resource, Verb.UPDATE), Started)
    assert list(kept) == [first]


def test_a_round_or_two_after_a_twin_came_there_is_one(cloud: WholeCloud, providers: CloudProviders) -> None:
    unit = Unit("platform", GLOBAL)
    rounds = Rounds(cloud, providers, unit, ResourceGraph.of([CHANNEL]), Status(unit))
    rounds.round()
    [first] = channels(cloud)
    twin(cloud)
    converge(rounds)
    assert channels(cloud) == [first]


def test_a_delete_takes_twins_along(cloud: WholeCloud, watched: CloudProviders) -> None:
    twin(cloud)
    assert isinstance(begin(watched, POLICY, Verb.DELETE), Started)
    assert policies(cloud) == []
    assert see(watched, POLICY.key) == Absent()


def test_a_policy_that_names_the_younger_channel_is_pointed_to_the_older(
    cloud: WholeCloud, providers: CloudProviders
) -> None:
    begin(providers, CHANNEL)
    [first] = channels(cloud)
    twin(cloud)
    begin(providers, POLICY)
    younger = next(name for name in channels(cloud) if name != first)
    change(cloud, lambda policy: policy.notification_channels.__setitem__(0, younger))
    refused = begin(providers, CHANNEL, Verb.UPDATE)
    assert isinstance(refused, PreconditionError)
    begin(providers, POLICY, Verb.UPDATE)
    assert isinstance(begin(providers, CHANNEL, Verb.UPDATE), Started)
    assert channels(cloud) == [first] == list(policies(cloud)[0].notification_channels)


def _foreign(policy: Any) -> None:
    policy.user_labels["inferops-owner"] = "other"


@pytest.mark.parametrize(
    "hand",
    [
        pytest.param(_foreign, id="another installation's"),
        pytest.param(lambda policy: policy.user_labels.clear(), id="a person's"),
    ],
)
def test_what_lacks_our_mark_is_nothing_of_ours(
    cloud: WholeCloud, watched: CloudProviders, hand: Callable[[Any], None]
) -> None:
    change(cloud, hand)
    assert see(watched, POLICY.key) == Absent()
    begin(watched, POLICY, Verb.DELETE)
    assert len(policies(cloud)) == 1


def test_a_hand_made_copy_under_another_title_is_left_alone(cloud: WholeCloud, watched: CloudProviders) -> None:
    twin(cloud)
    cloud.run(lambda: setattr(policies(cloud)[1], "display_name", "mine"))
    seen = see(watched, POLICY.key)
    assert isinstance(seen, Present) and differences(POLICY.spec, seen.spec) == ()


def test_another_region_s_policy_is_not_this_one_s(watched: CloudProviders) -> None:
    assert see(watched, ELSEWHERE.key) == Absent()
    begin(watched, ELSEWHERE)
    seen = watched.look({POLICY.key: Entry(), ELSEWHERE.key: Entry()})
    for resource in (POLICY, ELSEWHERE):
        found = seen[resource.key]
        assert isinstance(found, Present) and differences(resource.spec, found.spec) == ()


def test_a_channel_stays_as_long_as_a_policy_speaks_through_it(cloud: WholeCloud, watched: CloudProviders) -> None:
    assert isinstance(begin(watched, CHANNEL, Verb.DELETE), PreconditionError)
    begin(watched, POLICY, Verb.DELETE)
    assert isinstance(begin(watched, CHANNEL, Verb.DELETE), Started)
    assert channels(cloud) == []


def test_when_monitoring_is_away_nothing_is_known(cloud: WholeCloud, watched: CloudProviders) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.add("monitoring"))
    assert all(isinstance(see(watched, key), Unknown) for key in (POLICY.key, CHANNEL.key))


def test_a_missing_right_names_its_role(cloud: WholeCloud) -> None:
    away = Monitoring(cloud.server.endpoints["grpc"], "other")
    calls = alerting.calls({POLICY.key: Entry()}, away)
    answers = {kind: answer(call) for kind, call in calls.items()}
    assert {kind: str(error.remedy).split()[1] for kind, error in answers.items()} == {
        "AlertPolicy": "roles/monitoring.alertPolicyEditor",
        "NotificationChannel": "roles/monitoring.notificationChannelEditor",
    }
