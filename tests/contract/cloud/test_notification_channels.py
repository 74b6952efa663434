"""Notification channels, made and changed with Google's client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alerting_place import PROJECT, TOPIC, Place, running
from google.api_core import exceptions
from google.protobuf import field_mask_pb2


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def test_the_server_gives_the_name_and_fills_in(place: Place) -> None:
    channel = place.channels.get_notification_channel(name=place.channel())
    assert channel.name.removeprefix(f"{PROJECT}/notificationChannels/").isdecimal()
    assert (channel.enabled, channel.labels, channel.verification_status) == (True, {"topic": TOPIC}, 0)
    assert channel.creation_record.mutate_time == place.world.now


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"type_": ""}, "A type must be specified"),
        ({"type_": "pigeon"}, "no known type"),
        ({"labels": {}}, '"topic" must be specified'),
        ({"labels": {"topic": "alerts"}}, "projects/PROJECT/topics/TOPIC"),
        ({"labels": {"topic": TOPIC, "other": "x"}}, 'no label "other"'),
        ({"user_labels": {"Upper": "x"}}, "lowercase"),
        ({"display_name": "x" * 513}, "too long"),
    ],
)
def test_what_is_wrong_is_refused(place: Place, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=why):
        place.channel(**fields)


def test_the_topic_need_not_exist_yet(place: Place) -> None:
    place.channel(labels={"topic": f"{PROJECT}/topics/later"})


def test_with_a_mask_only_what_it_names_changes(place: Place) -> None:
    name = place.channel()
    asked = {"name": name, "display_name": "new", "labels": {"topic": f"{PROJECT}/topics/other"}}
    mask = field_mask_pb2.FieldMask(paths=["display_name"])
    after = place.channels.update_notification_channel(update_mask=mask, notification_channel=asked)
    assert (after.display_name, after.labels, len(after.mutation_records)) == ("new", {"topic": TOPIC}, 2)


def test_a_channel_in_use_is_deleted_by_force_alone(place: Place) -> None:
    name = place.channel()
    policy = place.policy(notification_channels=[name])
    with pytest.raises(exceptions.FailedPrecondition, match="in use"):
        place.channels.delete_notification_channel(name=name)
    place.channels.delete_notification_channel(name=name, force=True)
    assert place.policies.get_alert_policy(name=policy.name).notification_channels == []


def test_an_unused_channel_is_deleted(place: Place) -> None:
    name = place.channel()
    place.channels.delete_notification_channel(name=name)
    with pytest.raises(exceptions.NotFound):
        place.channels.get_notification_channel(name=name)


def test_a_list_is_filtered_by_labels_and_type(place: Place) -> None:
    place.channel(display_name="one")
    place.channel(display_name="two", type_="email", labels={"email_address": "a@example.com"})
    for wanted in ('type = "email"', 'labels.email_address = "a@example.com"', 'labels = "email_address"'):
        found = place.channels.list_notification_channels(request={"name": PROJECT, "filter": wanted})
        assert [channel.display_name for channel in found] == ["two"]


def test_other_projects_are_refused(place: Place) -> None:
    with pytest.raises(exceptions.PermissionDenied):
        place.channels.get_notification_channel(name="projects/other/notificationChannels/1")
