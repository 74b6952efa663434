"""What an alert policy must be like before Monitoring takes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from google.cloud import monitoring_v3

from infra.local.cloud.errors import ApiError
from infra.local.cloud.monitoring_filter import parse as parse_filter
from infra.local.cloud.monitoring_math import supported
from infra.local.cloud.monitoring_query import NO_ALIGNER
from infra.local.cloud.monitoring_store import PROMETHEUS, Store
from infra.local.cloud.promql_nodes import PromqlError, Selector, walk
from infra.local.cloud.promql_parse import parse
from infra.local.cloud.promql_typing import kind

Pb = Any
"""A protobuf message; the client ships no types."""
MOST_CONDITIONS, MOST_LABELS, MOST_LINKS, MOST_CHANNELS = 6, 64, 3, 16
LONGEST_NAME, LONGEST_CONTENT, LONGEST_CONTENT_BYTES, LONGEST_SUBJECT, LONGEST_FILTER = 512, 8192, 10_240, 10_240, 2048
INTERVAL, MINUTE, SHORTEST_ABSENCE, LONGEST_DURATION = 30, 60, 120, 23.5 * 3600
SHORTEST_CLOSE, LONGEST_CLOSE = 30 * 60, 7 * 86_400
SHORTEST_RENOTIFY, LONGEST_RENOTIFY = 30 * 60, 24 * 3600
_KEY, _VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z0-9_-]{0,63}")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC = re.compile(r'metric\.type\s*=\s*"([^"]*)"')
_USERS = (PROMETHEUS, "custom.googleapis.com/", "external.googleapis.com/", "workload.googleapis.com/")
"""Metric types that exist only once somebody wrote them."""
_POLICY = monitoring_v3.AlertPolicy
_COMPARISONS = {monitoring_v3.ComparisonType.COMPARISON_GT, monitoring_v3.ComparisonType.COMPARISON_LT}
_PROMPTS = _POLICY.AlertStrategy.NotificationPrompt
_ABSENT = {
    "condition_monitoring_query_language": "the Monitoring Query Language is",
    "condition_matched_log": "conditions on logs are",
    "condition_sql": "conditions on log analytics are",
}


def wrong(field: str, why: str, value: object = None) -> ApiError:
    """Return the refusal of one field's value."""
    shown = "" if value is None else f' of "{value}"'
    return ApiError("INVALID_ARGUMENT", f"Field {field} had an invalid value{shown}: {why}", "badRequest")


def check_labels(field: str, labels: Mapping[str, str]) -> None:
    """INVALID_ARGUMENT if user labels break their rules."""
    if len(labels) > MOST_LABELS:
        raise wrong(field, f"There can be at most {MOST_LABELS} user labels.")
    for key, value in labels.items():
        if not _KEY.fullmatch(key):
            raise wrong(
                f'{field}["{key}"]', "A key is 1 to 63 lowercase letters, digits, _ and -, a letter first.", key
            )
        if not _VALUE.fullmatch(value):
            raise wrong(f'{field}["{key}"]', "A value is up to 63 lowercase letters, digits, _ and -.", value)


def check_policy(policy: Pb, channels: Iterable[str], store: Store) -> None:
    """INVALID_ARGUMENT for what Monitoring would refuse, NOT_FOUND for a metric or channel that does not exist."""
    if not policy.display_name or len(policy.display_name) > LONGEST_NAME:
        raise wrong("alert_policy.display_name", f"It must have 1 to {LONGEST_NAME} characters.", policy.display_name)
    check_labels("alert_policy.user_labels", policy.user_labels)
    _check_documentation(policy.documentation)
    if not 1 <= len(policy.conditions) <= MOST_CONDITIONS:
        raise wrong("alert_policy.conditions", f"There must be 1 to {MOST_CONDITIONS} conditions.")
    if not policy.combiner:
        raise wrong("alert_policy.combiner", "A combiner must be specified.", "COMBINE_UNSPECIFIED")
    for index, condition in enumerate(policy.conditions):
        _check_condition(f"alert_policy.conditions[{index}]", condition, store)
    _check_channels(policy.notification_channels, set(channels))
    _check_strategy(policy.alert_strategy, set(policy.notification_channels))


def _check_documentation(told: Pb) -> None:
    field = "alert_policy.documentation"
    if len(told.content) > LONGEST_CONTENT or len(told.content.encode()) > LONGEST_CONTENT_BYTES:
        raise wrong(f"{field}.content", f"It may have {LONGEST_CONTENT} characters and {LONGEST_CONTENT_BYTES} bytes.")
    if told.mime_type not in {"", "text/markdown"}:
        raise wrong(f"{field}.mime_type", 'It must be "text/markdown".', told.mime_type)
    if len(told.subject.encode()) > LONGEST_SUBJECT:
        raise wrong(f"{field}.subject", f"It may have {LONGEST_SUBJECT} bytes.")
    if len(told.links) > MOST_LINKS:
        raise wrong(f"{field}.links", f"There can be at most {MOST_LINKS} links.")


def _check_channels(named: Iterable[str], known: set[str]) -> None:
    names = list(named)
    if len(names) > MOST_CHANNELS or len(set(names)) < len(names):
        raise wrong("alert_policy.notification_channels", f"There can be {MOST_CHANNELS} channels, each once.")
    for index, name in enumerate(names):
        if name not in known:
            raise ApiError(
                "NOT_FOUND", f"Field alert_policy.notification_channels[{index}]: no channel {name}.", "notFound"
            )


def _check_strategy(strategy: Pb, channels: set[str]) -> None:
    field = "alert_policy.alert_strategy"
    if strategy.HasField("notification_rate_limit"):
        raise wrong(
            f"{field}.notification_rate_limit", "Only log-based alert policies may specify a notification rate limit."
        )
    prompts = list(strategy.notification_prompts)
    if prompts and (_PROMPTS.OPENED not in prompts or not set(prompts) <= {_PROMPTS.OPENED, _PROMPTS.CLOSED}):
        raise wrong(f"{field}.notification_prompts", "It must be [OPENED] or [OPENED, CLOSED].")
    if strategy.HasField("auto_close"):
        seconds = strategy.auto_close.ToTimedelta().total_seconds()
        if not SHORTEST_CLOSE <= seconds <= LONGEST_CLOSE:
            raise wrong(f"{field}.auto_close", "It must be between 30 minutes and 7 days.", f"{seconds:g}s")
    for one in strategy.notification_channel_strategy:
        if not set(one.notification_channel_names) <= channels:
            raise wrong(f"{field}.notification_channel_strategy", "It names a channel that the policy does not.")
        seconds = one.renotify_interval.ToTimedelta().total_seconds()
        if not SHORTEST_RENOTIFY <= seconds <= LONGEST_RENOTIFY:
            raise wrong(
                f"{field}.notification_channel_strategy.renotify_interval", "It must be 30 minutes to 24 hours."
            )


def _check_condition(field: str, condition: Pb, store: Store) -> None:
    which = condition.WhichOneof("condition")
    if not condition.display_name:
        raise wrong(f"{field}.display_name", "A condition must have a display name.")
    if which is None:
        raise wrong(field, "A condition must be specified.")
    if which in _ABSENT:
        raise ApiError("UNIMPLEMENTED", f"{field}: {_ABSENT[which]} not simulated", "notImplemented")
    checks = {
        "condition_prometheus_query_language": _check_query,
        "condition_threshold": _check_threshold,
        "condition_absent": _check_absence,
    }
    checks[which](f"{field}.{which}", getattr(condition, which), store)


def _check_query(field: str, asked: Pb, store: Store) -> None:
    if not asked.query.strip():
        raise wrong(f"{field}.query", "The query must not be empty.")
    try:
        node = parse(asked.query)
    except PromqlError as error:
        raise wrong(f"{field}.query", f"PromQL parse error: {error}", asked.query) from error
    if kind(node) not in {"scalar", "instant vector"}:
        raise wrong(f"{field}.query", f"The query gives a {kind(node)}, not a vector.", asked.query)
    if not asked.disable_metric_validation:
        known = set(store.names())
        named = [one.name for one in walk(node) if isinstance(one, Selector) and one.name]
        if missing := [name for name in named if name not in known]:
            what = f'The metric "{missing[0]}" does not exist; disable_metric_validation allows for that.'
            raise wrong(f"{field}.query", what, asked.query)
    _check_seconds(f"{field}.duration", asked.duration, 1, 0)
    if asked.HasField("evaluation_interval"):
        _check_seconds(f"{field}.evaluation_interval", asked.evaluation_interval, INTERVAL, INTERVAL)
    for name in [*asked.labels, *([asked.alert_rule] if asked.alert_rule else [])]:
        if not _LABEL.fullmatch(name):
            raise wrong(field, "It is no valid Prometheus label name.", name)


def _check_threshold(field: str, asked: Pb, store: Store) -> None:
    _check_picked(field, asked, store)
    if asked.comparison not in _COMPARISONS:
        named = monitoring_v3.ComparisonType(asked.comparison).name
        raise wrong(f"{field}.comparison", "Only COMPARISON_GT and COMPARISON_LT are supported.", named)
    if asked.denominator_filter or asked.HasField("forecast_options"):
        raise ApiError("UNIMPLEMENTED", f"{field}: ratios and forecasts are not simulated", "notImplemented")
    _check_seconds(f"{field}.duration", asked.duration, MINUTE, 0)
    if asked.evaluation_missing_data and asked.duration.seconds < MINUTE:
        raise wrong(f"{field}.evaluation_missing_data", "It needs a duration of at least a minute.")


def _check_absence(field: str, asked: Pb, store: Store) -> None:
    _check_picked(field, asked, store)
    _check_seconds(f"{field}.duration", asked.duration, MINUTE, SHORTEST_ABSENCE)


def _check_picked(field: str, asked: Pb, store: Store) -> None:
    found = _METRIC.search(asked.filter)
    if not found or len(asked.filter) > LONGEST_FILTER:
        raise wrong(f"{field}.filter", "The filter must specify one metric type.", asked.filter)
    if "resource.type" not in asked.filter:
        raise wrong(f"{field}.filter", "The filter must specify a resource type.", asked.filter)
    try:
        parse_filter(asked.filter)
    except ApiError as error:
        raise wrong(f"{field}.filter", error.message, asked.filter) from error
    for index, how in enumerate(asked.aggregations):
        # Aligning without a period, or reducing what is not aligned, has no meaning.
        if (how.per_series_aligner != NO_ALIGNER) != how.HasField("alignment_period"):
            raise wrong(f"{field}.aggregations[{index}]", "An aligner and an alignment period need each other.")
        if how.cross_series_reducer and how.per_series_aligner == NO_ALIGNER:
            raise wrong(f"{field}.aggregations[{index}].cross_series_reducer", "A reducer needs an aligner.")
        if not supported(how):
            what = f"{field}.aggregations[{index}]: this aligner or reducer is not simulated"
            raise ApiError("UNIMPLEMENTED", what, "notImplemented")
    if found[1].endswith("/histogram"):
        raise ApiError("UNIMPLEMENTED", f"{field}.filter: distributions are not simulated here", "notImplemented")
    if found[1].startswith(_USERS) and not any(one.metric == found[1] for one in store):
        what = f'Cannot find metric that matches type = "{found[1]}".'
        late = "If a metric was created recently, it could take up to 10 minutes to become available."
        raise ApiError("NOT_FOUND", f"{what} {late} Please try again soon.", "notFound")


def _check_seconds(field: str, duration: Pb, step: float, least: float) -> None:
    seconds = duration.ToTimedelta().total_seconds()
    if seconds % step or not least <= seconds <= LONGEST_DURATION:
        each = "" if step == 1 else f" a multiple of {step:g} s,"
        raise wrong(field, f"It must be{each} {least:g} s to 23 h 30 min.", f"{seconds:g}s")
