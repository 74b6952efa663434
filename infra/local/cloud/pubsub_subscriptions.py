"""The Subscriber service: subscriptions as resources, and pulling from them.

Pull answers at once with what is there, be it nothing: a handler never waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.pubsub_v1.types import pubsub as types

from infra.local.cloud.errors import ApiError
from infra.local.cloud.pubsub_messages import Pb, as_proto
from infra.local.cloud.pubsub_settings import LONGEST_DEADLINE, changed, check_name, complete, page
from infra.local.cloud.pubsub_subscription import Forward, Subscription
from infra.local.cloud.wire import Handler, as_pb
from infra.local.cloud.world import World

DELETED_TOPIC = "_deleted-topic_"


class Subscriptions:
    """All subscriptions, and who answers for them."""

    def __init__(
        self,
        world: World,
        topics: Mapping[str, Pb],
        wake: Callable[[Subscription], None],
        forward: Forward,
        counts: Counter[str],
    ) -> None:
        self.all: dict[str, Subscription] = {}
        self._topics = topics
        self._make: Callable[[Pb], Subscription] = lambda settings: Subscription(world, settings, wake, forward, counts)

    def handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC."""
        return {
            "CreateSubscription": self._create,
            "GetSubscription": lambda request: self.find(as_pb(request).subscription).settings,
            "UpdateSubscription": self._update,
            "ListSubscriptions": self._list,
            "DeleteSubscription": self._delete,
            "ModifyPushConfig": self._modify_push_config,
            "Pull": self._pull,
            "Acknowledge": self._acknowledge,
            "ModifyAckDeadline": self._modify_ack_deadline,
        }

    def find(self, name: str) -> Subscription:
        """Return the subscription of that full name; NOT_FOUND if there is none."""
        if name not in self.all:
            raise ApiError("NOT_FOUND", f"Subscription does not exist (resource={name}).")
        return self.all[name]

    def of(self, topic: str) -> Iterator[Subscription]:
        """Return the topic's subscriptions."""
        return (one for one in self.all.values() if one.settings.topic == topic)

    def orphan(self, topic: str) -> None:
        """The topic is deleted: its subscriptions stay, with what they hold."""
        for one in list(self.of(topic)):
            one.settings.topic = DELETED_TOPIC

    # Resources -------------------------------------------------------------------------------------------

    def _complete(self, settings: Pb) -> None:
        complete(settings)
        dead = settings.dead_letter_policy.dead_letter_topic
        if settings.HasField("dead_letter_policy") and dead not in self._topics:
            raise ApiError("NOT_FOUND", f"Dead letter topic does not exist (resource={dead}).")

    def _create(self, message: Any) -> Pb:
        settings = as_pb(message)
        check_name(settings.name, "subscriptions")
        if settings.name in self.all:
            raise ApiError("ALREADY_EXISTS", f"Subscription already exists (resource={settings.name}).")
        if settings.topic not in self._topics:
            raise ApiError("NOT_FOUND", f"Subscription topic does not exist (resource={settings.topic}).")
        self._complete(settings)
        self.all[settings.name] = self._make(settings)
        return settings

    def _update(self, message: Any) -> Pb:
        request = as_pb(message)
        one = self.find(request.subscription.name)
        settings = changed(one.settings, request, request.subscription)
        self._complete(settings)
        one.settings = settings
        one.call()
        return settings

    def _modify_push_config(self, message: Any) -> None:
        request = as_pb(message)
        one = self.find(request.subscription)
        one.settings.push_config.CopyFrom(request.push_config)
        one.call()

    def _list(self, message: Any) -> Pb:
        request = as_pb(message)
        names, token = page((name for name in self.all if name.startswith(f"{request.project}/")), request)
        found = [self.all[name].settings for name in names]
        return types.ListSubscriptionsResponse.pb()(subscriptions=found, next_page_token=token)

    def _delete(self, message: Any) -> None:
        name = as_pb(message).subscription
        self.find(name).closed = True
        del self.all[name]

    # Pulling ---------------------------------------------------------------------------------------------

    def _pull(self, message: Any) -> Pb:
        request = as_pb(message)
        one = self.find(request.subscription)
        if request.max_messages < 1:
            raise ApiError("INVALID_ARGUMENT", "No max_messages specified")
        if one.pushes:
            raise ApiError("FAILED_PRECONDITION", "This method is not supported for this subscription type.")
        one.count("pull")
        answer = types.PullResponse.pb()()
        counted = one.settings.HasField("dead_letter_policy")
        for ack_id, pending in one.lease(request.max_messages):
            attempt = pending.attempts if counted else 0
            answer.received_messages.add(ack_id=ack_id, message=as_proto(pending.message), delivery_attempt=attempt)
        return answer

    def _leases(self, request: Pb) -> Iterator[tuple[Subscription, str]]:
        one = self.find(request.subscription)
        if not request.ack_ids:
            raise ApiError("INVALID_ARGUMENT", "No ack ids specified.")
        for ack_id in request.ack_ids:
            if not ack_id.startswith(f"{request.subscription}:"):
                raise ApiError("INVALID_ARGUMENT", f"Invalid ack id (ack_id={ack_id})")
        return ((one, ack_id) for ack_id in request.ack_ids)

    def _acknowledge(self, message: Any) -> None:
        for one, ack_id in self._leases(as_pb(message)):
            if pending := one.leased(ack_id):
                one.end_lease(ack_id)
                one.done(pending)

    def _modify_ack_deadline(self, message: Any) -> None:
        request = as_pb(message)
        seconds = request.ack_deadline_seconds
        if not 0 <= seconds <= LONGEST_DEADLINE:
            raise ApiError("INVALID_ARGUMENT", f"Invalid ack deadline: {seconds}; it must be 0 to {LONGEST_DEADLINE}.")
        for one, ack_id in self._leases(request):
            if (pending := one.leased(ack_id)) and seconds:
                one.extend(ack_id, seconds, pending)
            elif pending:
                one.end_lease(ack_id)
                one.failed(pending)
