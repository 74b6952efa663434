"""A figure that is not known exactly: an 80 % interval and its middle."""

from __future__ import annotations

from dataclasses import dataclass

Z80 = 1.2816
"""Standard deviations that hold the middle 80 % of a normal distribution."""


@dataclass(frozen=True)
class Interval:
    """In eight of ten cases the true value lies between ``low`` and ``high``, both included."""

    low: float
    likely: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def __mul__(self, factor: float) -> Interval:
        return Interval(self.low * factor, self.likely * factor, self.high * factor)

    @classmethod
    def exactly(cls, value: float) -> Interval:
        """Return a value without doubt."""
        return cls(value, value, value)
