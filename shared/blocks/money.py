"""What a change costs, needs and takes: the paragraphs of a plan about money, GPUs, quota and time."""

from __future__ import annotations

from datetime import timedelta

from shared.blocks.kit import Part, lines, safe, table
from shared.domain.quotes import Cost, PriceLine, QuotaFinding, QuotaVerdict, Quote, total


def cost_parts(quote: Quote) -> list[Part]:
    """Return the price before and after with its lines, GPUs, quota findings, duration and notes."""
    return [_sums(quote), *_prices(quote), *_quota(quote.quota), *_notes(quote)]


def usd(cost: Cost, figure: float) -> str:
    """Return an amount; what is not known of it is said and never counted as nothing."""
    known = f"{figure:,.2f} USD"
    return f"at least {known} (not all prices are known)" if cost.unknown else known


def duration(time: timedelta) -> str:
    """Return how long something takes, in minutes."""
    minutes = max(1, round(time.total_seconds() / 60))
    return f"about {minutes} min" if minutes < 120 else f"about {minutes / 60:.1f} h"  # noqa: PLR2004 - two hours


def _sums(quote: Quote) -> Part:
    before, after = total(quote.before), total(quote.after)
    said = [
        f"*Cost per hour of what this changes:* {usd(before, before.hourly)} → {usd(after, after.hourly)}",
        f"*Cost per month of 730 h:* {usd(before, before.monthly)} → {usd(after, after.monthly)}",
        f"*GPUs:* {quote.gpus_before} → {quote.gpus_after}",
        f"*Takes:* {duration(quote.eta)}",
    ]
    if after.unknown:
        said.insert(2, f"*Price unknown, not counted:* {safe(', '.join(after.unknown), 800)}")
    return Part("\n".join(said))


def _prices(quote: Quote) -> list[Part]:
    if not quote.after:
        return []
    head = ("Region", "What", "Count", "USD/h each", "USD/h")
    rows = [(p.region, p.what, str(p.count), _price(p.each), _price(p.hourly)) for p in quote.after]
    return [Part("*What it costs then*\n" + lines(map(_spoken, quote.after), at_most=20), table(head, rows))]


def _price(figure: float | None) -> str:
    return "unknown" if figure is None else f"{figure:,.2f}"


def _spoken(line: PriceLine) -> str:
    each = "price unknown" if line.each is None else f"{line.each:,.2f} USD/h each"
    return f"{safe(line.region)}: {line.count} x {safe(line.what)}, {each}"


def _quota(found: tuple[QuotaFinding, ...]) -> list[Part]:
    if not found:
        return []
    return [Part("*Quota*\n" + lines(sorted(map(_finding, found)), at_most=20))]


def _finding(found: QuotaFinding) -> str:
    where = f"{safe(found.metric)} in {safe(found.region)}"
    match found.verdict:
        case QuotaVerdict.ENOUGH:
            return f"Enough: {where}: needs {found.need} more, {_free(found)} free of {found.limit:g}"
        case QuotaVerdict.SHORT:
            return (
                f"*Too little:* {where}: needs {found.need} more, {_free(found)} free of {found.limit:g}; ask for more"
            )
        case QuotaVerdict.NOT_VISIBLE:
            return f"Not visible: {where}: needs {found.need} more; the limit could not be read"


def _free(found: QuotaFinding) -> str:
    return f"{max(0.0, (found.limit or 0) - (found.usage or 0)):g}"


def _notes(quote: Quote) -> list[Part]:
    said = [f"• {safe(note, 500)}" for note in quote.notes]
    return [Part("*Notes*\n" + lines(said, at_most=10))] if said else []
