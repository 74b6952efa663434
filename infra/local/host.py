"""The try-out: the product's own bot and functions, run against the embedded cloud. The one file that knows both.

Nothing of the product knows that it runs here: it gets other endpoints, that is all.
"""

from __future__ import annotations

import asyncio
import functools
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local.cloud.cloud import APP_TOKEN, BOT_TOKEN, HF_TOKEN, SIGNING_SECRET, Cloud
from infra.local.emulators import Emulators
from infra.local.people import People
from infra.local.plumbing import Plumbing
from infra.local.serving import Apart, Around, Served, as_it_is, serve_all
from shared.adapters.pubsub import pack
from shared.domain.messages import Tick
from shared.domain.topics import Topic
from shared.settings import Settings, as_environment

POLICY = Path(__file__).with_name("policy.yaml")
TICK_SECONDS = 60
SLOW = 200.0
"""Virtual seconds per second beside emulators, which know nothing of this world's time."""
BOT_SECONDS = 30.0
"""What Slack allows the bot here: three seconds in earnest, where nobody else shares its processor."""
LONGEST, PATIENCE, NAP = timedelta(hours=6), 600.0, 0.04


class Host:
    """A running try-out: ``with Host() as host: host.say("ana", "/infer help")``.

    ``emulators`` takes Google's own Pub/Sub and Firestore emulators instead of the embedded two; ``apart`` is a
    process for the product alone, which otherwise shares this one, each target's app then wrapped by ``around``.
    ``cloud`` is one that was there before; a new one without.
    Time stands still but during ``wait``, so nothing happens behind a person's back.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        emulators: bool = False,
        apart: Apart | None = None,
        hf_token: str = HF_TOKEN,
        policy: Path = POLICY,
        log_level: str = "CRITICAL",
        cloud: Cloud | None = None,
        around: Around = as_it_is,
        socket_mode: bool = False,
    ) -> None:
        self.cloud = cloud or Cloud(seed, speed=SLOW if emulators else None, hf_token=hf_token)
        self.cloud.slack.people.patience = self.cloud.slack.views.trigger_life = BOT_SECONDS
        self.people = People(self.cloud.slack, self.cloud.server)
        self.settings = Settings()
        self._policy, self._log_level = policy, log_level
        self._emulators = Emulators() if emulators else None
        self._apart, self._around = apart, around
        self._socket_mode = socket_mode
        self._connection: Any = None
        self._served: list[Served | Apart] = []
        self._urls: dict[str, str] = {}
        """Target of the product -> where it listens."""
        self._environment = dict(os.environ)
        self._plumbing: Any = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Starting and stopping -----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start everything; return when the first minute's tick has been worked off."""
        self.cloud.start()
        self.cloud.world.pause()
        if self._emulators:
            self._emulators.start()
        self.settings = self._made_settings()
        self._serve()
        listening = {**self.cloud.endpoints, **self._urls}
        self.cloud.world.tap.places = {url.removeprefix("http://"): name for name, url in listening.items()}
        self.cloud.slack.bot_url = self._urls["bot"]
        self._plumbing = Plumbing(self.settings, self._urls)
        self._plumbing.lay()
        self._plumbing.warm_up()
        if self._socket_mode:
            self._connect()
        tick = self._tick()
        if "minute" not in self.cloud.scheduler.jobs:
            self.cloud.server.run(lambda: self.cloud.scheduler.every(TICK_SECONDS, tick, "minute"))
        self.cloud.server.run(tick)
        self.wait(lambda: bool(self.documents("directory")))
        return self

    def stop(self) -> None:
        """End everything that was started."""
        if self._connection:
            self._connection.close()
        for served in self._served:
            served.stop()
        self.cloud.stop()
        if self._emulators:
            self._emulators.stop()
        for name in as_environment(self.settings):
            os.environ.pop(name, None)
        os.environ.update(self._environment)

    def _connect(self) -> None:
        """Let the bot open its own line to Slack, by which everything then comes; HTTP stays open beside it."""
        from bot.socket_mode import connect  # noqa: PLC0415 - only where it is asked for

        self._connection = connect(replace(self.settings, app_token=APP_TOKEN))

    def _serve(self) -> None:
        if self._apart:
            self._served, self._urls = [self._apart], self._apart.serve(as_environment(self.settings))
            return
        os.environ.update(as_environment(self.settings))
        targets = serve_all(self._around)
        self._served, self._urls = [*targets.values()], {name: each.url for name, each in targets.items()}

    def _made_settings(self) -> Settings:
        cloud, at = self.cloud, self.cloud.endpoints
        project, grpc, held = cloud.project.name, at["grpc"], self._emulators
        return Settings(
            project=project,
            project_number=cloud.project.number,
            repository=f"us-docker.pkg.dev/{project}/inferops",
            hf_token_secret=f"projects/{project}/secrets/hf-token",
            team=cloud.slack.workspace.team_id,
            channel="C0INFEROPS",
            signing_secret=SIGNING_SECRET,
            bot_token=BOT_TOKEN,
            policy_file=str(self._policy),
            queue=f"projects/{project}/locations/us-east4/queues/rounds",
            time_url=at["time"],
            log_level=self._log_level,
            kube_scheme="http",
            firestore_endpoint=held.firestore if held else grpc,
            pubsub_endpoint=held.pubsub if held else grpc,
            pubsub_rest_endpoint=f"http://{held.pubsub}" if held else at["pubsub"],
            tasks_endpoint=grpc,
            container_endpoint=grpc,
            hub_endpoint=grpc,
            monitoring_endpoint=grpc,
            prometheus_endpoint=at["prometheus"],
            secrets_endpoint=grpc,
            compute_endpoint=at["compute"],
            storage_endpoint=at["storage"],
            serviceusage_endpoint=at["serviceusage"],
            resourcemanager_endpoint=at["cloudresourcemanager"],
            quotas_endpoint=at["cloudquotas"],
            registry_endpoint=grpc,
            gateway_endpoint=at["kubernetes"],
            slack_endpoint=f"{at['slack']}/api/",
        )

    def _tick(self) -> Callable[[], object]:
        """Return what publishes the minute's tick, called inside the cloud's loop, as its scheduler does."""
        name, body = self._plumbing.topic(Topic.TICKS), pack(Tick())
        if self._emulators:
            publish = self._plumbing.publish
            return lambda: self.cloud.world.spawn(asyncio.to_thread(publish, name, body))
        # Of the cloud alone, and of nothing here: it is kept together with it.
        return functools.partial(self.cloud.pubsub.publish, name, body, {"type": "Tick"})

    # Watching ------------------------------------------------------------------------------------------------

    def wait(self, until: Callable[[], bool], limit: timedelta = LONGEST, patience: float = PATIENCE) -> bool:
        """Let time go on until this holds; False if it did not within ``limit`` of virtual time or ``patience`` s.

        Beside emulators virtual time does not wait for the product, so there its limit says nothing.
        """
        world, begun = self.cloud.world, time.monotonic()
        end = world.now + (timedelta(days=30) if self._emulators else limit)
        self.cloud.server.run(lambda: world.pause(on=False))
        try:
            while not until():
                if world.now > end or time.monotonic() - begun > patience:
                    return False
                time.sleep(NAP)
        finally:
            self.cloud.server.run(world.pause)
        return True

    def documents(self, collection: str) -> dict[str, Any]:
        """Return id -> body of the documents in a collection, as they are stored."""
        from shared.wiring import services  # noqa: PLC0415 - the watcher reads through the product's own door

        found = services(self.settings).documents.find(collection)
        return {document.path.partition("/")[2]: document.body for document in found}
