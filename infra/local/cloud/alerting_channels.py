"""Notification channels: where Monitoring sends what happens. Only those of type pubsub are ever delivered to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from google.cloud import monitoring_v3
from google.protobuf import json_format

from infra.local.cloud.alerting_checks import LONGEST_NAME, Pb, check_labels, wrong
from infra.local.cloud.alerting_lists import listed
from infra.local.cloud.alerting_masks import merged
from infra.local.cloud.errors import ApiError
from infra.local.cloud.wire import Handler, as_pb
from infra.local.cloud.world import World

LONGEST_DESCRIPTION = 1024
REQUIRED = {"pubsub": "topic", "email": "email_address", "sms": "number", "webhook_tokenauth": "url"}
"""Type of channel -> the label that it needs. Others than these are not simulated."""
_TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
_FIXED = ("name", "creation_record", "mutation_records", "verification_status")
_KEPT_RECORDS = 10
_Status = monitoring_v3.NotificationChannel.VerificationStatus


class Channels:
    """All notification channels of the project."""

    def __init__(self, world: World, project: str, in_use: Callable[[str], list[Pb]]) -> None:
        self.all: dict[str, Pb] = {}
        """By full name."""
        self._world = world
        self._project = f"projects/{project}"
        self._in_use = in_use
        """Returns the policies that name a channel."""
        self._made = 0

    def handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC. Verification by codes is for types that need it, and none is simulated."""
        return {
            "CreateNotificationChannel": self._create,
            "GetNotificationChannel": lambda request: self.channel(as_pb(request).name),
            "ListNotificationChannels": self._list,
            "UpdateNotificationChannel": self._update,
            "DeleteNotificationChannel": self._delete,
        }

    def snapshot(self) -> dict[str, object]:
        """Return name -> settings."""
        return {name: json_format.MessageToDict(one) for name, one in sorted(self.all.items())}

    def channel(self, name: str) -> Pb:
        """Return a channel; NOT_FOUND, or PERMISSION_DENIED for one of another project."""
        self._mine(name)
        if name not in self.all:
            raise ApiError("NOT_FOUND", f"The notification channel {name} does not exist.", "notFound")
        return self.all[name]

    def tell(self, name: str, *, works: bool) -> None:
        """Show by a channel's verification status whether what was sent to it arrived."""
        status = _Status.VERIFICATION_STATUS_UNSPECIFIED if works else _Status.UNVERIFIED
        self.all[name].verification_status = status

    def _mine(self, name: str) -> None:
        if name != self._project and not name.startswith(f"{self._project}/"):
            raise ApiError("PERMISSION_DENIED", f"Permission denied for {name}.", "forbidden")

    def _create(self, message: Any) -> Pb:
        request = as_pb(message)
        self._mine(request.name)
        channel = type(request.notification_channel)()
        channel.CopyFrom(request.notification_channel)
        for field in _FIXED:
            channel.ClearField(field)
        _check(channel)
        self._made += 1
        number = self._world.dice(f"notification channel {self._made}").randrange(10**17, 10**19)
        channel.name = f"{self._project}/notificationChannels/{number}"
        if not channel.HasField("enabled"):
            channel.enabled.value = True
        channel.creation_record.mutate_time.FromDatetime(self._world.now)
        channel.mutation_records.add().mutate_time.FromDatetime(self._world.now)
        self.all[channel.name] = channel
        return channel

    def _list(self, message: Any) -> Any:
        request = as_pb(message)
        self._mine(request.name)
        some, token, total = listed(self.all.values(), request)
        return monitoring_v3.ListNotificationChannelsResponse.pb()(
            notification_channels=some, next_page_token=token, total_size=total
        )

    def _update(self, message: Any) -> Pb:
        request = as_pb(message)
        asked = request.notification_channel
        before = self.channel(asked.name)
        after = merged(before, asked, list(request.update_mask.paths), _FIXED)
        _check(after)
        if after.type_ != before.type_:
            raise wrong("notification_channel.type_", "The type cannot be changed.", after.type_)
        after.mutation_records.add().mutate_time.FromDatetime(self._world.now)
        del after.mutation_records[:-_KEPT_RECORDS]
        self.all[after.name] = after
        return after

    def _delete(self, message: Any) -> None:
        request = as_pb(message)
        name = self.channel(request.name).name
        users = self._in_use(name)
        if users and not request.force:
            what = f"The notification channel {name} is in use by {users[0].name}; force deletes it all the same."
            raise ApiError("FAILED_PRECONDITION", what, "failedPrecondition")
        for policy in users:
            left = [one for one in policy.notification_channels if one != name]
            del policy.notification_channels[:]
            policy.notification_channels.extend(left)
        del self.all[name]


def _check(channel: Pb) -> None:
    if not channel.type_:
        raise wrong("notification_channel.type_", "A type must be specified.")
    if channel.type_ not in REQUIRED:
        raise wrong("notification_channel.type_", "It is no known type of channel.", channel.type_)
    label = REQUIRED[channel.type_]
    if not channel.labels.get(label):
        raise wrong("notification_channel.labels", f'The label "{label}" must be specified.')
    if unknown := sorted(set(channel.labels) - {label, "password", "username"}):
        raise wrong("notification_channel.labels", f'There is no label "{unknown[0]}" for this type.')
    if channel.type_ == "pubsub" and not _TOPIC.fullmatch(channel.labels["topic"]):
        raise wrong(
            'notification_channel.labels["topic"]', "It must be projects/PROJECT/topics/TOPIC.", channel.labels["topic"]
        )
    if len(channel.display_name) > LONGEST_NAME or len(channel.description) > LONGEST_DESCRIPTION:
        raise wrong("notification_channel", "The display name or the description is too long.")
    check_labels("notification_channel.user_labels", channel.user_labels)
