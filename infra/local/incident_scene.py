"""Where the stories of incidents are played: one deployment in two regions, under load, watched by its alert policies.

What is checked is seen in the cloud itself, in Slack, and in what the product wrote down.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from infra.local.cloud.load import Stream
from infra.local.cloud.load_shapes import curve
from infra.local.story import REGIONS, Story

CHAT = "chat"
PROMPT, OUTPUT = 1155, 211
"""Mean tokens of a chat request: those of a public hour of 2023."""
ONCALL, APPROVER = "dev", "ben"
US, EU = REGIONS
QUICK = timedelta(seconds=10)
"""From the notification to the card with its evidence and options, at most."""
LONG = timedelta(hours=1)
Incident = Mapping[str, Any]


class Scene(Story):
    """A story about an incident. What happens is told by ``play``."""

    title = ""
    servers: Mapping[str, int] = {US: 2, EU: 2}

    def tell(self) -> None:
        """Deploy, play, and see that the cloud itself did not stumble. Raises StoppedError at a failed check."""
        with self._step(f"Before: {CHAT} is deployed in {' and '.join(REGIONS)}"):
            self._deploy()
        self.play()
        broken = self.host.cloud.world.mishaps
        self._check("nothing broke inside the cloud itself", not broken, "\n".join(broken) or "no mishap")

    def play(self) -> None:
        """Tell what happens."""
        raise NotImplementedError

    # Doing -----------------------------------------------------------------------------------------------

    def _deploy(self, options: str = "") -> None:
        where = ",".join(f"{region}={count}" for region, count in self.servers.items())
        wish = f"deploy llama3-8b {where} as {CHAT} --machine g2-standard-12{options}"
        self._change(wish, self._serves(CHAT, len(self.servers)))

    def _load(
        self, points: Mapping[str, Iterable[tuple[float, float]]], prompt: int = PROMPT, out: int = OUTPUT
    ) -> None:
        """Let clients ask in these regions, requests per second by the minute; what they asked before ends."""
        load, server = self.host.cloud.load, self.host.cloud.server
        for region, each in points.items():
            stream = Stream(CHAT, curve(each, prompt, out), gateway=f"infer-{CHAT}/{CHAT}", region=region)
            if self._running(region):
                server.run(partial(load.stop, region))
            server.run(partial(load.start, region, stream))

    def _running(self, region: str) -> bool:
        shown = self.host.cloud.server.run(self.host.cloud.load.shown)
        return bool(shown.get(region, {}).get("runs"))

    def _pass(self, minutes: float) -> None:
        end = self.host.cloud.world.now + timedelta(minutes=minutes)
        self.host.wait(lambda: self.host.cloud.world.now >= end)

    def _choose(self, kind: str, region: str = US) -> str:
        """Let on-call press the option of this kind; return the proposal that came of it."""
        incident = self._incident(region)
        suggestion = of_kind(incident, kind)
        before = set(self.host.documents("proposals"))
        self._people.choose(ONCALL, str(incident["id"]), str(suggestion["id"]))
        self.host.wait(lambda: bool(set(self.host.documents("proposals")) - before), timedelta(minutes=2))
        new = set(self.host.documents("proposals")) - before
        self._check(f"{ONCALL} presses “{suggestion['title']}”: it is a proposal", len(new) == 1, ", ".join(new))
        proposal = new.pop()
        self.host.wait(lambda: bool(self._people.card(proposal)), timedelta(minutes=2))
        return proposal

    # Seeing ----------------------------------------------------------------------------------------------

    def _incidents(self) -> list[Incident]:
        found = self.host.documents("incidents").values()
        return [each for each in found if "alarms" in each]

    def _incident(self, region: str = US) -> Incident:
        """Return the newest incident of a region; empty where there is none."""
        found = [each for each in self._incidents() if each["region"] == region]
        return max(found, key=lambda each: str(each["opened_at"]), default={})

    def _card(self, region: str = US) -> str:
        return self._people.incident_card(str(self._incident(region).get("id", "")))

    def _see(self, name: str, seen: Callable[[], object], evidence: Callable[[], str], limit: timedelta = LONG) -> None:
        """Wait until this is to be seen, and check that it was."""
        self._check(name, self.host.wait(lambda: bool(seen()), limit), evidence())

    def _alarmed(self, region: str = US) -> None:
        """See that an alert came by itself, as a true notification, and its card soon after."""
        self._see("an alert of Cloud Monitoring opens an incident", lambda: self._incident(region), self._alerts)
        shown = lambda: self._incident(region).get("advice") and self._card(region)  # noqa: E731 - two lines for one word
        self._see("its card is there", shown, lambda: self._line(region))
        incident = self._incident(region)
        posted = self._people.posted_at(str(incident["id"])) or 0.0
        took = posted - datetime.fromisoformat(str(incident["opened_at"])).timestamp()
        self._check(f"within {QUICK.seconds} s of the notification", 0 <= took <= QUICK.seconds, f"{took:.0f} s")

    def _alerts(self) -> str:
        shown = self.host.cloud.server.run(self.host.cloud.alerting.shown)
        names = [f"{one['condition']} ({one['policy']})" for one in shown["open"]]
        return "; ".join(names) or json.dumps(shown["notifications"])

    def _diagnosed(self, diagnosis: str, region: str = US) -> None:
        def said() -> str:
            return str((self._incident(region).get("advice") or {}).get("diagnosis"))

        self._see(f"the diagnosis is: {diagnosis}", lambda: said() == diagnosis, said)

    def _line(self, region: str = US) -> str:
        return " | ".join(self._card(region).split("\n")[:4])

    def _kinds(self, region: str = US) -> list[str]:
        """Return the kinds of the options that the card has buttons for, best first."""
        incident = self._incident(region)
        found = {str(each["id"]): str(each["kind"]) for each in (incident.get("advice") or {}).get("suggestions", ())}
        return [found[one] for one in self._people.choices(str(incident.get("id", ""))) if one in found]

    def _every_kind(self, region: str = US) -> list[str]:
        found = (self._incident(region).get("advice") or {}).get("suggestions", ())
        return [str(each["kind"]) for each in found]

    def _options(self, region: str = US) -> str:
        found = (self._incident(region).get("advice") or {}).get("suggestions", ())
        return "; ".join(str(each["title"]) for each in found) or self._quiet(region)

    def _quiet(self, region: str = US) -> str:
        return str((self._incident(region).get("advice") or {}).get("quiet"))

    def _not_resolved(self, region: str = US) -> None:
        """See that the incident is open, and that it has not been called resolved at any time."""
        lines = [
            line for line in self.host.documents("audit").values() if line["subject"] == self._incident(region)["id"]
        ]
        said = [str(line["what"]) for line in sorted(lines, key=lambda line: str(line["at"]))]
        still = self._incident(region)["state"] == "open" and "resolved" not in said
        self._check("it is not called resolved", still, f"{self._line(region)} (record: {', '.join(said)})")

    def _open_alerts(self, region: str = US) -> list[dict[str, Any]]:
        shown = self.host.cloud.server.run(self.host.cloud.alerting.shown)
        return [one for one in shown["open"] if one["labels"].get("location") == region]

    def _resolved(self, region: str = US) -> None:
        self._see(
            "the card says resolved, after the metrics were read again",
            lambda: self._incident(region).get("state") == "resolved" and "Resolved" in self._card(region),
            lambda: self._line(region),
        )

    def _calm(self) -> None:
        """Let the load fall to little."""
        self._load({region: [(0, 0.3)] for region in REGIONS})

    def _now(self) -> datetime:
        return self.host.cloud.world.now.astimezone(UTC)


def of_kind(incident: Incident, kind: str) -> Incident:
    """Return an incident's suggestion of a kind; StopIteration where there is none."""
    found = (incident.get("advice") or {}).get("suggestions", ())
    return next(each for each in found if each["kind"] == kind)
