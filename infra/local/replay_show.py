"""What a replay says: a table for people, one JSON for machines, one picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from infra.local.replay import Report, Row

WIDTH, HEIGHT = 960, 420
_LEFT, _TOP, _RIGHT, _BOTTOM = 48, 56, 16, 36
_COLUMNS = 480
_COLOURS = ("#9aa0a6", "#e8710a", "#9334e6", "#d93025", "#1a73e8", "#188038")
_HEAD = ("policy", "within SLO", "GPU-hours", "of the bound", "suggestions", "right", "lead")


def table(report: Report) -> str:
    """Return the comparison as text."""
    rows = [_HEAD, *(_cells(row, report) for row in report.rows)]
    rows.append(("clairvoyant bound", "100.000 %", f"{report.bound:,.0f}", "1.00 x", "", "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
    return "\n".join((*_head(report), "", *lines, "", *_notes()))


def as_json(report: Report) -> dict[str, Any]:
    """Return the same for a machine."""
    return {
        "trace": report.trace,
        "model": report.model,
        "machine": report.machine,
        "days": round(report.days, 3),
        "scale": report.scale,
        "requests_per_s_of_one_server": round(report.bears, 3),
        "bound_hours": round(report.bound, 1),
        "policies": [
            {
                "name": row.name,
                "within_slo": round(row.attained, 6),
                "gpu_hours": round(row.hours, 1),
                "of_bound": round(row.hours / report.bound, 4),
                "suggestions_per_region_and_day": _rounded(row.suggestions),
                "precision": _rounded(row.precision),
                "lead_minutes": _rounded(row.lead),
            }
            for row in report.rows
        ],
        "suggestions": [
            {
                "minute": verdict.offer.step / 2,
                "region": verdict.offer.region,
                "kind": str(verdict.offer.kind),
                "from": verdict.offer.before,
                "to": verdict.offer.after,
                "right": verdict.right,
                "lead_minutes": None if verdict.lead is None else verdict.lead / 60,
            }
            for verdict in report.verdicts
        ],
    }


def picture(report: Report) -> str:
    """Return an SVG: the servers that each policy wanted over time."""
    highest = max(max(series) for series in report.servers.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">',
        '<g font-family="system-ui, sans-serif" font-size="12">',
        f'<title id="t">Servers over time: {escape(report.trace)}, {escape(report.model)}</title>',
        f'<desc id="d">{escape("; ".join(_spoken(row, report) for row in report.rows))}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_grid(highest, report.days),
    ]
    for number, (name, series) in enumerate(report.servers.items()):
        parts.extend(_line(number, name, series, highest))
    return "\n".join((*parts, "</g></svg>\n"))


def _cells(row: Row, report: Report) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.attained:.3%}".replace("%", " %"),
        f"{row.hours:,.0f}",
        f"{row.hours / report.bound:.2f} x",
        "" if row.suggestions is None else f"{row.suggestions:.1f}",
        "" if row.precision is None else f"{row.precision:.0%}".replace("%", " %"),
        "" if row.lead is None else f"{row.lead:.0f} min",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if column else cell.ljust(width)


def _head(report: Report) -> tuple[str, ...]:
    return (
        f"{report.trace}, {report.days:.1f} days x {report.scale:.3g}: {report.model} on {report.machine}",
        f"one server bears {report.bears:.2f} requests/s within the SLO in this world",
    )


def _notes() -> tuple[str, ...]:
    return (
        "GPU-hours: hours of servers with all their GPUs, from the request for the node until it is gone.",
        "bound: the fewest servers at every half minute, the load known, no lead time, spread evenly over regions.",
        "suggestions: a region and day. right: without it the SLO would have been missed; fewer servers: nothing was.",
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _spoken(row: Row, report: Report) -> str:
    return f"{row.name}: {row.attained:.2%} within the SLO at {row.hours / report.bound:.2f} times the bound"


def _x(part: float) -> float:
    return _LEFT + part * (WIDTH - _LEFT - _RIGHT)


def _y(part: float) -> float:
    return HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM)


def _grid(highest: float, days: float) -> Iterator[str]:
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(part)
        yield f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#e0e0e0"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#5f6368">{part * highest:.0f}</text>'
    for day in range(int(days) + 1):
        x = _x(day / days)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle" fill="#5f6368">day {day}</text>'


def _line(number: int, name: str, series: Sequence[float], highest: float) -> Iterator[str]:
    count = min(_COLUMNS, len(series))
    points = []
    for column in range(count):
        begin, end = column * len(series) // count, (column + 1) * len(series) // count
        value = sum(series[begin:end]) / max(1, end - begin)
        points.append(f"{_x((column + 0.5) / count):.1f},{_y(value / highest):.1f}")
    colour = _COLOURS[number % len(_COLOURS)]
    x, y = _LEFT + 300 * (number % 3), 18 + 18 * (number // 3)
    yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    yield f'<rect x="{x}" y="{y - 9}" width="14" height="4" fill="{colour}"/>'
    yield f'<text x="{x + 20}" y="{y - 3}" fill="#202124">{escape(name)}</text>'
