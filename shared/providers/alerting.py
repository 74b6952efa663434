"""Alert policies and notification channels: one list of each, and one question per thing that was made just now.

Their names are the server's. What is ours is found by its user labels, and by our title among those that share them:
so a title changed by hand is drift, and a hand-made copy under another title is left alone beside the original. An
answer that was lost may have left a second one: the oldest is ours, ``copies`` counts, and any change removes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, assert_never

from shared.adapters.monitoring import CHANNEL_ROLE, POLICY_ROLE, Collection, Monitoring
from shared.domain.compile_alerts import CHANNEL_KEY, labels_of, title_of
from shared.domain.compile_place import CLOUD_OWNER
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, PreconditionError, RetryableError
from shared.domain.names import Kind, ResourceKey
from shared.domain.observations import Absent, Observed, Present, Unknown, differences
from shared.domain.planning import Do, Verb
from shared.domain.site import Site
from shared.providers.base import Answers, Call, Calls, Keys

KINDS = frozenset({Kind.ALERT_POLICY, Kind.NOTIFICATION_CHANNEL})
ROLES = {Kind.ALERT_POLICY: POLICY_ROLE, Kind.NOTIFICATION_CHANNEL: CHANNEL_ROLE}
_COPIES = "copies"
Item = Mapping[str, Any]


def operations(keys: Keys, monitoring: Monitoring) -> Calls:
    """Return the questions that come first: about what was made under a name, which a list may not show yet."""
    return {
        ("operation", key): Call(
            f"read {entry.operation}", ROLES[key.kind], partial(_of(key, monitoring).get, entry.operation)
        )
        for key, entry in keys.items()
        if entry.operation
    }


def calls(keys: Keys, monitoring: Monitoring) -> Calls:
    """Return the questions that tell the rest. A policy names channels, so these are asked for with it."""
    kinds = {key.kind for key in keys} | ({Kind.NOTIFICATION_CHANNEL} if keys else set())
    asks = {
        Kind.ALERT_POLICY: ("list alert policies", lambda: monitoring.policies.list(CLOUD_OWNER)),
        Kind.NOTIFICATION_CHANNEL: ("list notification channels", lambda: monitoring.channels.list(CLOUD_OWNER)),
    }
    return {kind: Call(doing, ROLES[kind], ask) for kind, (doing, ask) in asks.items() if kind in kinds}


def read(keys: Keys, answers: Answers, site: Site) -> dict[ResourceKey, Observed]:
    """Return what is seen of these keys."""
    return {key: _read(key, answers, site) for key in keys}


def _read(key: ResourceKey, answers: Answers, site: Site) -> Observed:
    listed, channels, made = answers[key.kind], answers[Kind.NOTIFICATION_CHANNEL], answers.get(("operation", key))
    for failed in (listed, channels):
        if isinstance(failed, InferError):
            return Unknown(str(failed))
    found = _ours(key, [*listed, *_unlisted(made, listed)], site)
    if found:
        return _present(found, _named(channels, site))
    # What we were told was made is there, until Monitoring says that it is not.
    unseen = isinstance(made, InferError) and made.reason != Reason.WAITING
    return Unknown(str(made)) if unseen else Absent()


def _unlisted(made: Any, listed: Sequence[Item]) -> list[Item]:
    known = made is not None and not isinstance(made, InferError)
    return [made] if known and all(item["name"] != made["name"] for item in listed) else []


def _present(found: Sequence[Item], channels: Mapping[str, str]) -> Present:
    spec, more = _comparable(found[0], len(found), channels), len(found) - 1
    invalid = spec.get("validity", {})
    because = f"Monitoring calls it invalid: {invalid.get('message')}" if invalid.get("code") else ""
    twin = RetryableError(f"an answer that was lost left {more} more of it", reason=Reason.CONFLICT)
    return Present(spec, not because, because, Reason.INVALID, failure=twin if more else None)


def _comparable(item: Item, copies: int, channels: Mapping[str, str]) -> dict[str, Any]:
    """Return a thing as we write it: our channel by our name, conditions in the order of their titles."""
    spec = {**item, _COPIES: copies}
    if "conditions" in item:
        spec["conditions"] = sorted(item["conditions"], key=lambda condition: str(condition["display_name"]))
        spec["notification_channels"] = [channels.get(name, name) for name in item["notification_channels"]]
    return spec


def _ours(key: ResourceKey, listed: Sequence[Item], site: Site) -> list[Item]:
    """Return what is this key's, oldest first."""
    marked = [item for item in listed if labels_of(key, site).items() <= item["user_labels"].items()]
    titled = [item for item in marked if item["display_name"] == title_of(key)]
    return sorted(titled or marked, key=_age)


def _age(item: Item) -> tuple[datetime, int, str]:
    made = item.get("creation_record", {}).get("mutate_time")
    since = datetime.fromisoformat(made) if made else datetime.max.replace(tzinfo=UTC)
    return since, len(item["name"]), item["name"]


def _named(channels: Sequence[Item], site: Site) -> dict[str, str]:
    """Return the server's name of our channel -> our name for it."""
    return {item["name"]: CHANNEL_KEY.name for item in _ours(CHANNEL_KEY, channels, site)[:1]}


def _of(key: ResourceKey, monitoring: Monitoring) -> Collection:
    return monitoring.policies if key.kind is Kind.ALERT_POLICY else monitoring.channels


# Starting ----------------------------------------------------------------------------------------------------


def start(action: Do, monitoring: Monitoring, site: Site) -> str:
    """Start one action; return the name of what was created, for the next look."""
    key, wanted = action.key, action.resource.spec if action.resource else {}
    collection = _of(key, monitoring)
    match action.verb:
        case Verb.CREATE:
            return collection.create(_sent(wanted, _channels(wanted, monitoring, site)))
        case Verb.UPDATE:
            _update(key, wanted, monitoring, site)
        case Verb.DELETE:
            for item in _ours(key, collection.list(CLOUD_OWNER), site):
                collection.delete(item["name"])
        case other:
            assert_never(other)
    return ""


def _update(key: ResourceKey, wanted: Item, monitoring: Monitoring, site: Site) -> None:
    collection, channels = _of(key, monitoring), _channels(wanted, monitoring, site)
    found = _ours(key, collection.list(CLOUD_OWNER), site)
    if not found:
        raise PreconditionError(f"update {key}: it is gone", reason=Reason.WAITING)
    first, *twins = found
    paths = differences(wanted, _comparable(first, wanted[_COPIES], channels))
    changed = sorted({path.partition(".")[0].partition("[")[0] for path in paths})
    if changed:
        body = _sent({field: wanted[field] for field in changed}, channels, first)
        collection.update(first["name"], body, changed)
    for twin in twins:  # last: a channel can go once its policies name the other one
        collection.delete(twin["name"])


def _channels(wanted: Item, monitoring: Monitoring, site: Site) -> dict[str, str]:
    """Return the server's name of our channel -> ours, for what names one. Raises PreconditionError: not there yet."""
    if not wanted.get("notification_channels"):
        return {}
    found = _named(monitoring.channels.list(CLOUD_OWNER), site)
    if not found:
        raise PreconditionError(f"waiting for {CHANNEL_KEY}", reason=Reason.WAITING)
    return found


def _sent(wanted: Item, channels: Mapping[str, str], before: Item | None = None) -> dict[str, Any]:
    """Return what is sent: channels by their server's names, and conditions by theirs where they have one already."""
    body = {field: value for field, value in wanted.items() if field != _COPIES}
    if "notification_channels" in body:
        names = {ours: server for server, ours in channels.items()}
        body["notification_channels"] = [names[ours] for ours in body["notification_channels"]]
    if "conditions" in body:
        known = {each["display_name"]: each["name"] for each in (before or {}).get("conditions", ())}
        body["conditions"] = [{**each, "name": known.get(each["display_name"], "")} for each in body["conditions"]]
    return body
