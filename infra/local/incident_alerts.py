"""The stories of incidents whose alerts are not what they seem: missing, far too many, closed while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from infra.local.incident_scene import CHAT, EU, US, Scene

BUSY = {US: ((0, 0.4), (4, 2.0)), EU: ((0, 0.4), (4, 2.0))}
"""Requests per second by the minute: more than either region bears, so that nothing gets well by itself."""
STORM, FEW = 200, 20
"""Notifications, and the looks that they may cause at most: one in five seconds, and it lasts a minute."""
LATE = timedelta(hours=3)
"""Longer than Monitoring keeps an incident open that has no data."""


class Blind(Scene):
    """The metrics vanish while requests are served: nothing is known, and nothing is called well."""

    title = "the metrics of a region vanish: it is called blind, never healthy"

    def play(self) -> None:
        """Tell it."""
        with self._step("Load is as usual, and the metrics of a region vanish"):
            self._load({US: [(0, 0.5)], EU: [(0, 0.5)]})
            self._pass(6)
            self._vanish(on=True)
            self._alarmed()
            self._diagnosed("metrics are missing")
            self._check("no option is offered", not self._kinds(), self._quiet())
            self._check("the card does not call it well", "Resolved" not in self._card(), self._line())
        with self._step("They stay away for so long that Monitoring closes its alert"):
            self._see(
                "its time-out has closed it",
                lambda: list(self._timed_out()),
                lambda: ", ".join(self._timed_out()),
                LATE,
            )
            self._pass(2)
            self._diagnosed("metrics are missing")
            self._not_resolved()
        with self._step("The metrics come back"):
            self._vanish(on=False)
            self._resolved()

    def _timed_out(self) -> Iterator[str]:
        shown = self.host.cloud.server.run(self.host.cloud.alerting.shown)
        for one in shown["closed"]:
            if one["labels"].get("location") == US and "time-out" in one["why"]:
                yield str(one["condition"])

    def _vanish(self, *, on: bool) -> None:
        faults = self.host.cloud.world.faults.unavailable
        self.host.cloud.server.run(lambda: faults.add(f"exporter/{US}") if on else faults.discard(f"exporter/{US}"))


class Storm(Scene):
    """Two hundred notifications within a minute: one card."""

    title = f"a storm of {STORM} notifications is one card"

    def play(self) -> None:
        """Tell it."""
        with self._step(f"A region is full, and its alert flaps {STORM} times"):
            self._load(BUSY)
            self._alarmed()
            before = self._received()
            cost = self._writes()
            cloud = self.host.cloud
            cloud.server.run(lambda: cloud.alerting.storm(self._policy(), STORM))
            self._see("all were received", lambda: self._received() >= before + STORM, lambda: f"{self._received()}")
            self._pass(1)
        with self._step("It is one matter all the same"):
            cards = [text for text in self._people.incident_cards() if f"{CHAT}.{US}." in text]
            self._check("there is one card", len(cards) == 1, f"{len(cards)} card(s) of {CHAT} in {US}")
            own = [row for row in self._incidents() if row["region"] == US]
            self._check("and one incident", len(own) == 1, ", ".join(str(row["id"]) for row in own))
            self._costs(self._writes() - cost)

    def _costs(self, written: Counter[str]) -> None:
        """See that each notification costs a document and not a look at everything."""
        of = {name: written[f"write/{name}"] for name in ("alerts", "incidents", "cards", "audit", "outbox")}
        spent = ", ".join(f"{count} of {name}" for name, count in of.items())
        evidence = f"{written['write']} documents written: {spent}"
        self._check(f"{STORM} notifications caused at most {FEW} looks", of["incidents"] <= FEW, evidence)

    def _writes(self) -> Counter[str]:
        firestore = self.host.cloud.firestore
        return self.host.cloud.server.run(lambda: Counter(firestore.counts))

    def _policy(self) -> str:
        policies = self.host.cloud.alerting.policies.all
        return next(name for name, one in policies.items() if US in one.user_labels.values())

    def _received(self) -> int:
        return int(self._incident().get("received", 0))


class TimedOut(Scene):
    """Cloud Monitoring's incidents are closed while the region is still full."""

    title = "the alerts are closed while it is still hot: that is not called resolved"

    def play(self) -> None:
        """Tell it."""
        with self._step("A region is full, and nobody does anything"):
            self._load(BUSY)
            self._alarmed()
        with self._step("Somebody closes its alerts in Monitoring's console"):
            alerting = self.host.cloud.alerting
            closed = [str(one["id"]) for one in self._open_alerts()]
            for one in closed:
                self.host.cloud.server.run(partial(alerting.time_out, one))
            self._see("the card says that it is not over", self._notes, lambda: " | ".join(self._notes()))
            self._check("it is still hot", self._alerts_reopen(), self._line())
            self._not_resolved()

    def _notes(self) -> list[str]:
        return [said for said in self._people.incident_thread(str(self._incident()["id"])) if "not over" in said]

    def _alerts_reopen(self) -> bool:
        return self.host.wait(lambda: bool(self._open_alerts()), timedelta(minutes=10))
