"""Push delivery: real HTTP posts to the subscription's endpoint, as Pub/Sub makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from infra.local.cloud.posting import NoAnswerError, Poster
from infra.local.cloud.pubsub_backlog import Pending
from infra.local.cloud.pubsub_messages import push_body
from infra.local.cloud.pubsub_subscription import Subscription
from infra.local.cloud.world import World

ACKS = {102, 200, 201, 202, 204}
MOST_OUTSTANDING = 16
"""Pushes under way per subscription where no limit is set: as much as one machine works off side by side."""


class Pusher:
    """Delivers what is due. ``limits``: subscription, full or short name -> pushes under way at most."""

    def __init__(self, world: World, limits: Mapping[str, int]) -> None:
        self._world = world
        self._limits = limits
        self._poster = Poster(world, "pubsub")

    async def close(self) -> None:
        """Close the connections; what is not delivered yet stays so."""
        await self._poster.close()

    def wake(self, subscription: Subscription) -> None:
        """Start as many pushes as are due and allowed; none once it is closed."""
        if self._poster.is_closed:
            return
        name = subscription.settings.name
        limit = self._limits.get(name, self._limits.get(name.rsplit("/", 1)[1], MOST_OUTSTANDING))
        while subscription.pushes and subscription.in_flight < limit and (pending := subscription.take()):
            subscription.in_flight += 1
            self._world.spawn(self._deliver(subscription, pending))

    async def _deliver(self, subscription: Subscription, pending: Pending) -> None:
        subscription.count("push")
        acknowledged = await self._post(subscription, pending)
        subscription.in_flight -= 1
        if acknowledged:
            subscription.done(pending)
        else:
            subscription.failed(pending)
        self.wake(subscription)

    async def _post(self, subscription: Subscription, pending: Pending) -> bool:
        settings = subscription.settings
        attempt = pending.attempts if settings.HasField("dead_letter_policy") else None
        headers = {
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google)",
            "Content-Type": "application/json",
        }
        if settings.push_config.HasField("oidc_token"):
            headers["Authorization"] = "Bearer local"
        body = json.dumps(push_body(pending.message, settings.name, attempt)).encode()
        url, deadline = settings.push_config.push_endpoint, settings.ack_deadline_seconds
        try:
            # The ack deadline is the time the endpoint has; wall time, for virtual time stands still meanwhile.
            return await self._poster.request("POST", url, body, headers, deadline) in ACKS
        except NoAnswerError:
            return False
