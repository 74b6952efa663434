"""`inferops up`: the try-out with a page, whose time runs by itself until somebody ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.local.cloud.cloud import BOT_TOKEN
from infra.local.cloud.keeping import Keeper, NotKeptError
from infra.local.cloud.server import PortTakenError
from infra.local.completing import Completion, Known, complete
from infra.local.host import Host
from infra.local.mortal import Mortality
from infra.local.serving import FUNCTIONS
from infra.local.web import HOST, Menu, Site
from shared.catalog.load import load
from shared.domain.topics import Topic

KEEP_EVERY = 30.0
"""Wall seconds between two times that the state is written, so that a killed try-out loses little."""
_KNOWN_FOR = 2.0
"""Wall seconds for which the names to complete are good."""


@dataclass(frozen=True)
class Wishes:
    """How the try-out is to run. ``port`` is the page's, 0 for any that is free; the wires take those after it."""

    port: int = 0
    speed: float | None = 60.0
    seed: int = 0
    emulators: bool = False
    keep: Path | None = None
    socket_mode: bool = False


class TryOut:
    """A running try-out. Raises PortTakenError and NotKeptError at the start; ``stop`` ends everything."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        mortality = Mortality(wishes.seed)
        self._keeper = Keeper(wishes.keep) if wishes.keep else None
        before = self._keeper.kept() if self._keeper else None
        self.restored, self._paused = before is not None, bool(before and before.world.paused)
        self.host = Host(
            wishes.seed,
            emulators=wishes.emulators,
            cloud=before,
            around=mortality.around,
            socket_mode=wishes.socket_mode,
        )
        self.cloud = self.host.cloud
        menu = Menu(self.cloud, tuple(Topic), FUNCTIONS, mortality.doomed)
        site = Site(self.cloud, menu, self._complete, self.links)
        server = self.cloud.server
        server.first_port = wishes.port
        server.hosts = {HOST: site.answer, **server.hosts}
        self._catalog = load()
        self._known: tuple[float, Known] = (0.0, Known(self._catalog))
        self._ended = threading.Event()

    def start(self) -> TryOut:
        """Start everything; return when the page can be used."""
        try:
            self.host.start()
        except PortTakenError:
            raise  # nothing was started
        except BaseException:
            self.host.stop()
            raise
        self.cloud.server.run(self._let_run)
        return self

    def _let_run(self) -> None:
        self.cloud.world.set_speed(self.wishes.speed)
        self.cloud.world.pause(on=self._paused)

    @property
    def url(self) -> str:
        """Return where the page is."""
        return self.cloud.endpoints[HOST]

    def end(self) -> None:
        """Let ``run`` return; may be called by a signal's handler."""
        self._ended.set()

    def run(self, complain: Callable[[str], None]) -> None:
        """Stay until ``end`` is called, and write the state now and then where it is to be kept."""
        while not self._ended.wait(KEEP_EVERY):
            if self._keeper:
                try:
                    self._keeper.keep(self.cloud, self.cloud.server.run)
                except NotKeptError as error:
                    complain(f"{error}; it is tried again in {KEEP_EVERY:.0f} s")

    def stop(self) -> None:
        """Write the state where it is to be kept, and end everything. Raises NotKeptError once all has ended."""
        try:
            if self._keeper:
                self.cloud.server.run(self.cloud.world.hold)
                self._keeper.keep(self.cloud, self.cloud.server.run)
        finally:
            self.host.stop()
            if self._keeper:
                self._keeper.release()

    def links(self) -> list[dict[str, str]]:
        """Return where real clients connect, each with a command that works as it stands."""
        at, project = self.cloud.endpoints, self.cloud.project.name
        gcloud = (
            f"CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true CLOUDSDK_CORE_PROJECT={project} "
            f"CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER={at['gke']}/ "
            f"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE={at['compute']}/compute/v1/ "
            f"CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE={at['serviceusage']}/ "
            "gcloud container clusters list"
        )
        found = [{"label": "gcloud", "url": at["gke"], "hint": gcloud}]
        for key in sorted(self.cloud.kube.clusters):
            url = f"{at['kubectl']}/{key}"
            hint = f"kubectl --server {url} get pods --all-namespaces"
            found.append({"label": f"kubectl, {key.rsplit('/', 1)[1]}", "url": url, "hint": hint})
        slack = f"{at['slack']}/api/"
        return [
            *found,
            {"label": "Slack's Web API", "url": slack, "hint": f"WebClient(token={BOT_TOKEN!r}, base_url={slack!r})"},
        ]

    def _complete(self, text: str) -> list[Completion]:
        since, known = self._known
        if time.monotonic() - since > _KNOWN_FOR:
            known = self._look()
            self._known = (time.monotonic(), known)
        return complete(text, known)

    def _look(self) -> Known:
        deployments = self.host.documents("deployments")
        there = [name for name, body in sorted(deployments.items()) if body.get("spec")]
        decided = self.host.documents("decisions")
        proposals = self.host.documents("proposals")
        open_ones = {name: body for name, body in proposals.items() if name not in decided}
        summaries = {name: "; ".join(body["summary"]) for name, body in open_ones.items()}
        # A place's head stands beside its incidents, and has no state.
        incidents = self.host.documents("incidents")
        alarming = {
            name: f"{body['deployment']} in {body['region']}"
            for name, body in incidents.items()
            if body.get("state") == "open" and body["deployment"]
        }
        return Known(self._catalog, there, summaries, alarming)
