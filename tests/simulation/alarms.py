"""What a history does with alerts and suggestions: storms, lost and late closes, stale and simultaneous choices."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.domain.desired import DeploymentSpec, Desired
from shared.domain.incidents import IncidentState
from shared.domain.intents import Balance
from shared.domain.messages import RemedyChosen
from shared.domain.records import DEPLOYMENTS
from shared.domain.topics import Topic
from shared.store import read
from tests.notifications import notification
from tests.simulation.house import House
from tests.simulation.setting import ANA, BEN, CHLOE, GUEST

RATES = [0.5, 20.0, 60.0, 300.0]


class Alarms:
    """Rules for a history; ``house`` is its house."""

    house: House
    choices: list[tuple[str, str]]
    """Every suggestion that ever stood on a card: incident and id, stale ones too."""

    def places(self) -> list[tuple[str, str]]:
        desired = [read(Desired, document) for document in self.house.documents.find(DEPLOYMENTS)]
        return sorted(
            (each.path.partition("/")[2], region)
            for each in desired
            if each and isinstance(each.spec, DeploymentSpec)
            for region in each.spec.regions
        )

    @precondition(lambda self: self.places())
    @rule(data=st.data(), rate=st.sampled_from(RATES), vanish=st.sampled_from([False, False, False, True]))
    def the_load_changes(self, data: st.DataObject, rate: float, vanish: bool) -> None:
        name, region = data.draw(st.sampled_from(self.places()))
        self.house.metrics.rates[name, region] = rate
        if vanish:
            self.house.metrics.vanished.add(region)
            self.house.cloud.met["metrics vanished"] += 1

    @precondition(lambda self: self.places())
    @rule(
        data=st.data(),
        rate=st.sampled_from([60.0, 300.0]),
        number=st.integers(0, 3),
        closes=st.sampled_from(["late", "first", "never"]),
    )
    def an_alert_fires(self, data: st.DataObject, rate: float, number: int, closes: str) -> None:
        name, region = data.draw(st.sampled_from(self.places()))
        self.house.metrics.rates[name, region] = rate
        self.alert(name, region, f"0.{number}", closes)
        self.house.cloud.met[f"close {closes}"] += 1

    def alert(self, name: str, region: str, sign: str, closes: str) -> None:
        said = [notification(name, region, "open", f"{sign}.{name}.{region}")]
        closed = notification(name, region, "closed", f"{sign}.{name}.{region}")
        said = {"late": [*said, closed], "first": [closed, *said]}.get(closes, said)
        for each in said:
            self.house.publish(Topic.ALERTS, each)
        self.house.alerted |= {(name, region, f"{sign}.{name}.{region}")}

    @precondition(lambda self: self.places())
    @rule(data=st.data(), count=st.integers(10, 40))
    def a_storm_of_alerts(self, data: st.DataObject, count: int) -> None:
        name, region = data.draw(st.sampled_from(self.places()))
        self.house.metrics.rates[name, region] = 300.0
        for number in range(count):
            self.alert(name, region, f"1.{number}", "late" if number % 2 else "never")
        self.house.cloud.met["storm"] += 1

    @rule()
    def nonsense_is_published(self) -> None:
        self.house.publish(Topic.ALERTS, f"not json at {self.house.seconds}".encode())
        self.house.cloud.met["unreadable"] += 1

    @rule(down=st.booleans())
    def monitoring_goes_away(self, down: bool) -> None:
        self.house.metrics.down = down
        self.house.cloud.met["Monitoring down"] += down

    def shown(self) -> list[tuple[str, str]]:
        """Return what can be pressed: what stands on cards now, and what did before."""
        for incident in self.house.incidents():
            for each in incident.advice.suggestions if incident.advice else ():
                if each.ask and (incident.id, each.id) not in self.choices:
                    self.choices.append((incident.id, each.id))
        return self.choices

    @precondition(lambda self: self.shown())
    @rule(data=st.data(), users=st.lists(st.sampled_from([ANA, BEN, CHLOE, GUEST]), min_size=1, max_size=3))
    def suggestions_are_chosen(self, data: st.DataObject, users: list[str]) -> None:
        shown = self.shown()
        for user in users:
            incident, suggestion = data.draw(st.sampled_from(shown[-6:]))
            self.pressed(incident, suggestion, user)
        self.house.cloud.met["chosen at once"] += len(users) > 1
        self.house.cloud.met["chosen"] += 1

    @precondition(lambda self: self.places())
    @rule(
        data=st.data(),
        users=st.lists(st.sampled_from([ANA, BEN]), min_size=1, max_size=2),
        kills=st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=4),
        minutes=st.integers(0, 8),
    )
    def an_incident_is_dealt_with(
        self, data: st.DataObject, users: list[str], kills: list[int | None], minutes: int
    ) -> None:
        """Most incidents get as far as a choice, while functions die."""
        name, region = data.draw(st.sampled_from(self.places()))
        self.house.metrics.rates[name, region] = 60.0
        self.alert(name, region, f"2.{self.house.presses}", "never")
        for n, kill in enumerate(kills * 3):
            self.house.chaos.fuse, self.house.chaos.only = kill, "measure" if kill == 0 else ""
            self.house.deliver(len(self.house.deliveries()) - 1 - n % 2)
        self.house.chaos.fuse = None
        self.house.tick()
        self.house.drain()
        if self.shown():
            self.suggestions_are_chosen(data, users)
        for _ in range(minutes):
            self.house.seconds += 60
            self.house.tick()
            self.house.drain()

    @precondition(lambda self: self.places())
    @rule(data=st.data(), percent=st.integers(41, 79))
    def a_thumb_comes_late(self, data: st.DataObject, percent: int) -> None:
        """Somebody changes the deployment, and before anybody looked anew an option of before is pressed."""
        name, region = data.draw(st.sampled_from(self.places()))
        self.fires(name, region)
        place = f"{name}.{region}"
        stands = [each for each in self.house.incidents() if each.place == place and each.advice]
        old = [(one.id, each.id) for one in stands for each in one.advice.suggestions if each.ask]
        self.someone_asks(Balance(percent, name), ANA, dry=False, twice=False)
        self.arrive_at("propose", [None])
        self.arrive_at("decide", [None])
        for incident, suggestion in old[:1]:
            self.pressed(incident, suggestion, BEN)
            self.arrive_at("propose", [None])
        self.the_newest_is_approved()
        self.house.drain()
        self.house.cloud.met["pressed late"] += bool(old)

    @precondition(lambda self: self.places())
    @rule(data=st.data())
    def an_alert_is_closed_by_time_out(self, data: st.DataObject) -> None:
        """While it is as hot as before."""
        name, region = data.draw(st.sampled_from(self.places()))
        sign = self.fires(name, region)
        self.house.publish(Topic.ALERTS, notification(name, region, "closed", f"{sign}.{name}.{region}"))
        self.house.drain()
        self.house.cloud.met["closed by time-out"] += 1

    def fires(self, name: str, region: str) -> str:
        """Let a region get hot, and a new alert of it be worked off; return the alert's sign."""
        self.house.metrics.rates[name, region] = 160.0
        self.house.metrics.down = False
        self.house.metrics.vanished.discard(region)
        sign = f"3.{self.house.presses}.{int(self.house.seconds)}"
        self.alert(name, region, sign, "never")
        self.house.tick()
        self.house.drain()
        return sign

    def pressed(self, incident: str, suggestion: str, user: str) -> None:
        self.house.presses += 1
        sign = f"i-{self.house.presses:016x}"
        chosen = RemedyChosen(incident, suggestion, user, "C1", self.house.now(), sign)
        self.house.publish(Topic.INTENTS, chosen)


def check_incidents(house: House) -> None:
    """One open incident a place, and none called over that was not measured to be well."""
    found = house.incidents()
    opened = [each.place for each in found if each.state is IncidentState.OPEN]
    assert len(opened) == len(set(opened)), f"two incidents at one place: {sorted(opened)}"
    for each in found:
        if each.state is IncidentState.RESOLVED:
            assert each.well_since is not None or "any more" in each.note, f"{each.id} was called over, and was not"
