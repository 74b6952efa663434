"""One row of the table in ``classify``: what it fits, who can put that right, in which words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from string import Formatter
from typing import assert_never

from shared.adapters.refusals import Refusal
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError, PreconditionError, RetryableError, TerminalError


class Who(StrEnum):
    """Who can put it right."""

    WORLD = "RetryableError"
    ORDER = "PreconditionError"
    PERSON = "NeedsHumanError"
    ASKER = "TerminalError"


@dataclass(frozen=True)
class Row:
    """Fits a refusal with one of ``statuses`` (none: any) whose text matches ``text`` (empty: any)."""

    id: str
    who: Who
    reason: Reason
    statuses: frozenset[str] = frozenset()
    text: str = ""
    """Searched in the service's own word and its sentence; named groups fill ``says`` and ``remedy``."""
    kubernetes: bool = False
    """Fits only what a Kubernetes API server says."""
    says: str = "{doing}: {message}"
    remedy: str = ""
    after: timedelta | None = None
    """When to try again; None leaves it to the usual pauses."""

    def match(self, refusal: Refusal) -> dict[str, str] | None:
        """Return what the groups found, or None where the row does not fit."""
        if self.statuses and refusal.status not in self.statuses:
            return None
        if self.kubernetes and not refusal.kubernetes:
            return None
        found = re.search(self.text, refusal.text, re.IGNORECASE | re.DOTALL)
        return None if found is None else found.groupdict()

    def error(self, facts: Mapping[str, str]) -> InferError:
        """Return our error, with the facts put into its words."""
        says, remedy = _fill(self.says, facts), _fill(self.remedy, facts)
        match self.who:
            case Who.WORLD:
                return RetryableError(says, reason=self.reason, after=self.after)
            case Who.ORDER:
                return PreconditionError(says, reason=self.reason)
            case Who.PERSON:
                return NeedsHumanError(says, reason=self.reason, remedy=remedy)
            case Who.ASKER:
                return TerminalError(says, reason=self.reason, field=facts.get("field", ""))
            case other:
                assert_never(other)


_DEFAULTS = {
    "zone": "the zone",
    "metric": "a quota",
    "region": "the project",
    "limit": "its limit",
    "manager": "someone",
}


def _fill(template: str, facts: Mapping[str, str]) -> str:
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format_map({name: facts.get(name) or _DEFAULTS.get(name, name) for name in names})
