"""What a policy says to a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AskFirst:
    """It may be done once ``quorum`` people of ``roles`` agree; a quorum of nobody is met at once."""

    rule: str
    roles: tuple[str, ...]
    quorum: int
    approve_by: datetime
    run_by: datetime


@dataclass(frozen=True)
class Refuse:
    """It may not be done. Says which rule, and who could."""

    rule: str
    because: str
    who_could: str


Verdict = AskFirst | Refuse
