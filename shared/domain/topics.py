"""Topics: each has one publisher, and the subscribers named here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Topic(StrEnum):
    """A topic by what travels on it."""

    INTENTS = "intents"
    """bot → propose, incidents"""
    VOTES = "votes"
    """bot → decide"""
    PROPOSALS = "proposals"
    """propose → decide, notify, incidents"""
    DECISIONS = "decisions"
    """decide → reconcile, notify, incidents"""
    ROUNDS = "rounds"
    """reconcile and its timers → reconcile"""
    STATUSES = "statuses"
    """reconcile → notify"""
    ALERTS = "alerts"
    """Cloud Monitoring → alerts"""
    RECEIVED = "received"
    """alerts → incidents"""
    INCIDENTS = "incidents"
    """incidents and its timers → incidents, notify"""
    CARDS = "cards"
    """notify's timers → notify"""
    DUE = "due"
    """sweep → reconcile, notify, incidents"""
    TICKS = "ticks"
    """the scheduler → sweep"""


SUBSCRIBERS: Mapping[Topic, tuple[str, ...]] = {
    Topic.INTENTS: ("propose", "incidents"),
    Topic.VOTES: ("decide",),
    Topic.PROPOSALS: ("decide", "notify", "incidents"),
    Topic.DECISIONS: ("reconcile", "notify", "incidents"),
    Topic.ROUNDS: ("reconcile",),
    Topic.STATUSES: ("notify",),
    Topic.ALERTS: ("alerts",),
    Topic.RECEIVED: ("incidents",),
    Topic.INCIDENTS: ("incidents", "notify"),
    Topic.CARDS: ("notify",),
    Topic.DUE: ("reconcile", "notify", "incidents"),
    Topic.TICKS: ("sweep",),
}
