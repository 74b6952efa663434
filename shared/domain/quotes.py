"""What a change costs and needs: price lines, GPUs, quota findings, time. An unknown price is unknown, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

HOURS_A_MONTH = 730


class QuotaVerdict(StrEnum):
    """Whether the quota covers the need."""

    ENOUGH = "enough"
    SHORT = "short"
    NOT_VISIBLE = "not visible"


@dataclass(frozen=True)
class QuotaFinding:
    """One quota that the change draws on. ``limit`` and ``usage`` are None where they could not be read."""

    region: str
    metric: str
    need: int
    """How much more than now."""
    limit: float | None
    usage: float | None

    @property
    def verdict(self) -> QuotaVerdict:
        """Absent figures mean unknown, not zero; a limit below the need is short whatever is in use."""
        if self.limit is not None and self.limit < self.need:
            return QuotaVerdict.SHORT
        if self.limit is None or self.usage is None:
            return QuotaVerdict.NOT_VISIBLE
        return QuotaVerdict.ENOUGH if self.usage + self.need <= self.limit else QuotaVerdict.SHORT


@dataclass(frozen=True)
class PriceLine:
    """One kind of thing that bills by the hour. ``each`` is None where the catalogue has no price."""

    region: str
    what: str
    count: int
    each: float | None
    """USD per hour for one."""

    @property
    def hourly(self) -> float | None:
        """USD per hour for all of them."""
        return None if self.each is None else self.each * self.count


@dataclass(frozen=True)
class Cost:
    """USD per hour: the sum of what is known, and the names of what is not."""

    hourly: float
    unknown: tuple[str, ...] = ()

    @property
    def monthly(self) -> float:
        """USD per month of 730 hours."""
        return self.hourly * HOURS_A_MONTH


def total(lines: tuple[PriceLine, ...]) -> Cost:
    """Add up the lines."""
    known = sum(line.hourly for line in lines if line.hourly is not None)
    return Cost(known, tuple(f"{line.what} in {line.region}" for line in lines if line.each is None))


@dataclass(frozen=True)
class Quote:
    """What a proposal says about money, GPUs and time."""

    before: tuple[PriceLine, ...]
    after: tuple[PriceLine, ...]
    gpus_before: int
    gpus_after: int
    quota: tuple[QuotaFinding, ...]
    eta: timedelta
    catalogue: str
    """Date of the prices."""
    notes: tuple[str, ...] = ()

    @property
    def cents(self) -> tuple[int, int]:
        """Known price before and after, in whole US cents per hour: what a vote binds."""
        return round(total(self.before).hourly * 100), round(total(self.after).hourly * 100)

    @property
    def hourly_delta(self) -> float:
        """USD per hour more than now, as far as known."""
        return total(self.after).hourly - total(self.before).hourly

    @property
    def gpu_delta(self) -> int:
        """GPUs more than now."""
        return self.gpus_after - self.gpus_before
