"""What a topic or subscription may be set to: names, defaults, ranges, what can be changed later."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from infra.local.cloud.errors import ApiError
from infra.local.cloud.pubsub_filter import parse
from infra.local.cloud.pubsub_messages import Pb

DEADLINE, SHORTEST_DEADLINE, LONGEST_DEADLINE = 10, 10, 600
ATTEMPTS, FEWEST_ATTEMPTS, MOST_ATTEMPTS = 5, 5, 100
RETENTION, SHORTEST_RETENTION, LONGEST_RETENTION = timedelta(days=7), timedelta(minutes=10), timedelta(days=31)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(seconds=600)
PAGE = 100
_NAME = re.compile(r"projects/[^/]+/(topics|subscriptions)/(?!goog)[A-Za-z][A-Za-z0-9._~%+-]{2,254}")
_FIXED = {"name", "topic", "filter", "enable_message_ordering"}
_ABSENT = ("bigquery_config", "cloud_storage_config")


def check_name(name: str, kind: str) -> None:
    """INVALID_ARGUMENT unless it is ``projects/P/KIND/ID`` with an id of 3 to 255 allowed characters."""
    found = _NAME.fullmatch(name)
    if not found or found[1] != kind:
        raise ApiError("INVALID_ARGUMENT", f"Invalid [{kind}] name: (name={name})")


def complete(settings: Pb) -> None:
    """Fill in a subscription's defaults and check its ranges; UNIMPLEMENTED for what is not simulated."""
    if any(settings.HasField(name) for name in _ABSENT) or settings.message_transforms:
        raise ApiError("UNIMPLEMENTED", "only plain pull and push subscriptions are simulated")
    if settings.enable_exactly_once_delivery or settings.push_config.HasField("no_wrapper"):
        raise ApiError("UNIMPLEMENTED", "exactly-once delivery and unwrapped pushes are not simulated")
    parse(settings.filter)
    settings.push_config.SetInParent()
    settings.ack_deadline_seconds = settings.ack_deadline_seconds or DEADLINE
    _within("ack deadline", settings.ack_deadline_seconds, SHORTEST_DEADLINE, LONGEST_DEADLINE)
    if not settings.HasField("message_retention_duration"):
        settings.message_retention_duration.FromTimedelta(RETENTION)
    kept = settings.message_retention_duration.ToTimedelta()
    _within("message retention", kept, SHORTEST_RETENTION, LONGEST_RETENTION)
    if settings.HasField("dead_letter_policy"):
        policy = settings.dead_letter_policy
        policy.max_delivery_attempts = policy.max_delivery_attempts or ATTEMPTS
        _within("max_delivery_attempts", policy.max_delivery_attempts, FEWEST_ATTEMPTS, MOST_ATTEMPTS)
    if settings.HasField("retry_policy"):
        _complete_retry(settings.retry_policy)


def _complete_retry(policy: Pb) -> None:
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.FromTimedelta(FIRST_PAUSE)
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.FromTimedelta(LONGEST_PAUSE)
    first, longest = policy.minimum_backoff.ToTimedelta(), policy.maximum_backoff.ToTimedelta()
    _within("minimum_backoff", first, timedelta(), LONGEST_PAUSE)
    _within("maximum_backoff", longest, first, LONGEST_PAUSE)


def _within(what: str, value: Any, least: Any, most: Any) -> None:
    if not least <= value <= most:
        raise ApiError("INVALID_ARGUMENT", f"The value for {what} is {value}; it must be between {least} and {most}.")


def changed(old: Pb, request: Pb, new: Pb) -> Pb:
    """Return the settings with the request's mask applied; INVALID_ARGUMENT for an empty mask or a fixed field."""
    paths = list(request.update_mask.paths)
    if not paths:
        raise ApiError("INVALID_ARGUMENT", "The update_mask must be set, and must contain a non-empty paths list.")
    if fixed := _FIXED.intersection(paths):
        raise ApiError("INVALID_ARGUMENT", f"Invalid update_mask: {', '.join(sorted(fixed))} cannot be changed.")
    unknown = [path for path in paths if path.split(".")[0] not in old.DESCRIPTOR.fields_by_name]
    if unknown:
        raise ApiError("INVALID_ARGUMENT", f"Invalid update_mask: no such field: {', '.join(unknown)}.")
    after = type(old)()
    after.CopyFrom(old)
    request.update_mask.MergeMessage(new, after, replace_message_field=True, replace_repeated_field=True)
    return after


def page(names: Iterable[str], request: Pb) -> tuple[list[str], str]:
    """Return the page of names that was asked for, and the token of the next."""
    rest = sorted(name for name in names if name > request.page_token)
    most = request.page_size or PAGE
    return rest[:most], rest[most - 1] if len(rest) > most else ""
