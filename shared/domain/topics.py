"""Topics: each has one publisher, and the subscribers named here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Topic(StrEnum):
    """A topic by what travels on it."""

    INTENTS = "intents"
    """bot → propose"""
    VOTES = "votes"
    """bot → decide"""
    PROPOSALS = "proposals"
    """propose → decide, notify"""
    DECISIONS = "decisions"
    """decide → reconcile, notify"""
    ROUNDS = "rounds"
    """reconcile and its timers → reconcile"""
    STATUSES = "statuses"
    """reconcile → notify"""
    CARDS = "cards"
    """notify's timers → notify"""
    DUE = "due"
    """sweep → reconcile, notify"""
    TICKS = "ticks"
    """the scheduler → sweep"""


SUBSCRIBERS: Mapping[Topic, tuple[str, ...]] = {
    Topic.INTENTS: ("propose",),
    Topic.VOTES: ("decide",),
    Topic.PROPOSALS: ("decide", "notify"),
    Topic.DECISIONS: ("reconcile", "notify"),
    Topic.ROUNDS: ("reconcile",),
    Topic.STATUSES: ("notify",),
    Topic.CARDS: ("notify",),
    Topic.DUE: ("reconcile", "notify"),
    Topic.TICKS: ("sweep",),
}
