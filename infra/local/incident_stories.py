"""The stories of incidents: what on-call meets at night, each told from load to end without hands.

Those about the alerts themselves are in incident_alerts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta

from infra.local.incident_alerts import Blind, Storm, TimedOut
from infra.local.incident_scene import CHAT, EU, ONCALL, US, Scene, of_kind
from infra.local.story import REQUESTER

SHIFT, NODES, WARM, ROLLBACK = "shift traffic", "add nodes", "add replicas on warm nodes", "roll back"
NOTHING = "do nothing"
_REFUSALS = ("no button", "out of date", "has changed since")


class Saturation(Scene):
    """Load grows in one region until its KV cache is full: first traffic moves, then replicas come."""

    title = "KV cache fills up in one region; traffic is shifted, then replicas are added"
    servers: Mapping[str, int] = {US: 2, EU: 4}

    def play(self) -> None:
        """Tell it."""
        with self._step("Somebody wants requests to stay near: traffic spills at 90 % only"):
            self._change(f"balance {CHAT} 90", lambda: self._balanced(90, CHAT))
        with self._step("Load grows in both regions; one is soon full"):
            self._load({US: [(0, 1.4), (6, 1.75)], EU: [(0, 0.05), (6, 0.1)]})
            self._alarmed()
            self._see("there are at least two options", lambda: len(self._kinds()) >= 2, self._options)  # noqa: PLR2004
            self._see("one of them shifts traffic", lambda: SHIFT in self._kinds(), self._options)
        with self._step(f"{ONCALL} is on call, and shifts traffic with one press"):
            self._shifted()
        with self._step("Load grows on: more replicas are needed"):
            self._load({US: [(0, 1.75), (4, 3.2)]})
            self._see("adding nodes is offered", lambda: NODES in self._kinds(), self._options)
            before = self._sights.ready(CHAT)[US]
            self._approved(self._choose(NODES), f"Done: {CHAT}")
            self._check(
                "more model servers are ready", self._sights.ready(CHAT)[US] != before, str(self._sights.ready(CHAT))
            )
        with self._step("KV cache and first token recover, and the card says so"):
            self._judged(2)
            self._recovered()
            self._resolved()

    def _shifted(self) -> None:
        spills, generation, incident = self._sights.utilisation(CHAT), self._generation(), self._incident()
        before = set(self.host.documents("proposals"))
        mine, other = (str(of_kind(incident, kind)["id"]) for kind in (SHIFT, NODES))
        for user in (ONCALL, REQUESTER):  # time stands still between the two
            self._people.choose(user, str(incident["id"]), mine)

        def applied() -> list[str]:
            return [one for one, outcome in self._outcomes(before).items() if outcome == "applied"]

        self._see("it is applied at once", applied, lambda: json.dumps(self._outcomes(before)), timedelta(minutes=1))
        self._too_late(str(incident["id"]), other)
        self._see(
            "the load balancer has a target of its own for that region",
            lambda: self._sights.utilisation(CHAT) != spills,
            lambda: json.dumps(self._sights.utilisation(CHAT)),
        )
        self._see("requests are served elsewhere", lambda: self._share(EU) > 0.1, lambda: json.dumps(self._regions()))  # noqa: PLR2004 - a tenth
        changes = self._generation() - generation
        seen = f"{changes} change(s) of {CHAT}; {json.dumps(self._outcomes(before))}"
        self._check(f"{REQUESTER} pressed the same in that moment: one effect", changes == len(applied()) == 1, seen)
        self._judged(1)

    def _generation(self) -> int:
        return int(self.host.documents("deployments")[CHAT]["generation"])

    def _outcomes(self, before: AbstractSet[str]) -> dict[str, str]:
        """Return what became of the newer proposals."""
        new, decisions = set(self.host.documents("proposals")) - before, self.host.documents("decisions")
        return {one: str(decisions.get(one, {}).get("outcome", "not decided")) for one in sorted(new)}

    def _too_late(self, incident: str, other: str) -> None:
        """Press another option of the round that was acted on, if that can be done at all."""
        told, before = len(self._people.told(ONCALL)), set(self.host.documents("proposals"))
        try:
            self._people.choose(ONCALL, incident, other)
            gone = ""
        except LookupError as error:
            gone = str(error)

        def said() -> str:
            return gone or " | ".join(self._people.told(ONCALL)[told:])

        seen = self.host.wait(lambda: any(word in said() for word in _REFUSALS), timedelta(minutes=1))
        new = set(self.host.documents("proposals")) - before
        self._check("the round's other option cannot be chosen any more", seen and not new, said())

    def _regions(self) -> Mapping[str, int]:
        shown = self.host.cloud.server.run(self.host.cloud.load.shown)
        found: Mapping[str, int] = shown[US]["regions"]
        return found

    def _share(self, region: str) -> float:
        regions = self._regions()
        return regions.get(region, 0) / max(1, sum(regions.values()))

    def _judged(self, count: int) -> None:
        def judged() -> list[str]:
            outcomes = self._incident().get("outcomes", ())
            return [f"KV {o['kv_before']} -> {o['kv_after']}, predicted {o['kv']}" for o in outcomes if o["judged"]]

        self._see(
            "the card compares what was predicted with what came",
            lambda: len(judged()) >= count and "predicted" in self._card(),
            lambda: "; ".join(judged()),
        )

    def _recovered(self) -> None:
        def last(name: str) -> float:
            values = (self._incident().get("window") or {}).get(name) or [None]
            return float("inf") if values[-1] is None else float(values[-1])

        self._see("KV cache is below the threshold", lambda: last("kv") < 0.6, lambda: f"{last('kv'):.2f}")  # noqa: PLR2004
        self._see("the first token comes within 2 s", lambda: last("ttft") < 2, lambda: f"{last('ttft'):.2f} s")  # noqa: PLR2004


class BothHot(Scene):
    """Both regions are full: there is nowhere to shift to."""

    title = "both regions are full, so traffic cannot be shifted"

    def play(self) -> None:
        """Tell it."""
        with self._step("Load grows in both regions beyond what they bear"):
            self._load({US: [(0, 0.4), (5, 2.2)], EU: [(0, 0.4), (5, 2.2)]})
            self._alarmed()
            self._see("adding nodes is offered", lambda: NODES in self._kinds(), self._options)
            self._check("shifting traffic is not", SHIFT not in self._kinds(), self._options())
            self._see(
                "the card says why",
                lambda: "no shift" in self._card(),
                lambda: _line_with("no shift", self._card()) or self._card(),
            )


class Prefill(Scene):
    """Long prompts and short answers: requests wait while the KV cache is nearly empty."""

    title = "long prompts overload a region while its KV cache stays low"

    def play(self) -> None:
        """Tell it."""
        with self._step("Long prompts with short answers come"):
            self._load({US: [(0, 0.3), (4, 5.0)], EU: [(0, 0.1)]}, prompt=1600, out=4)
            self._alarmed()
            self._diagnosed("prefill is the limit")
            fullest = max(value or 0 for value in self._incident()["window"]["kv"])
            self._check("an alert on KV alone would have been blind", fullest < 0.6, f"KV at most {fullest:.2f}")  # noqa: PLR2004
            self._see("adding nodes is offered", lambda: NODES in self._kinds(), self._options)
            kinds = self._every_kind()
            self._check("to do nothing is worth less", kinds.index(NODES) < kinds.index(NOTHING), self._options())


class BadRelease(Scene):
    """A new image makes every token slower: going back is the remedy, and more machines are not."""

    title = "a release made the servers slow: roll back, do not scale"

    def play(self) -> None:
        """Tell it."""
        image = "us-docker.pkg.dev/demo/inferops/vllm-openai:v0.18.2"
        cloud = self.host.cloud
        cloud.server.run(lambda: cloud.artifacts.push(image, slowdown=3.0))
        with self._step("Load is as usual"):
            self._load({US: [(0, 0.5)], EU: [(0, 0.5)]})
            self._pass(8)
            self._check("nothing is wrong", not self._incidents(), f"{len(self._incidents())} incident(s)")
            before = self._images()
        with self._step("A new image is rolled out"):
            self._deploy(f" --image {image}")
        with self._step("The servers are slower at the same load"):
            self._alarmed()
            self._diagnosed("the last release made it slower")
            self._see("roll back is ranked first", lambda: self._kinds()[:1] == [ROLLBACK], self._options)
            self._check("scaling is not offered", not {NODES, WARM} & set(self._kinds()), self._options())
        with self._step("On-call rolls back, with approval"):
            self._approved(self._choose(ROLLBACK), f"Done: {CHAT}")
            self._check("the servers are those of before", self._images() == before, "; ".join(self._images()))
            self._resolved()

    def _images(self) -> list[str]:
        found = self._sights.objects("Deployment.apps", f"infer-{CHAT}")
        own = [obj["spec"]["template"]["spec"] for _, obj in found if obj["metadata"]["name"] == CHAT]
        return sorted({container["image"] for spec in own for container in spec["containers"]})


STORIES: Mapping[str, type[Scene]] = {
    "saturation": Saturation,
    "both-hot": BothHot,
    "prefill": Prefill,
    "bad-release": BadRelease,
    "blind": Blind,
    "storm": Storm,
    "timeout": TimedOut,
}


def _line_with(word: str, text: str) -> str:
    return next((line for line in text.split("\n") if word in line), "")
