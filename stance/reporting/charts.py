"""Small charts as inline SVG, drawn by hand: nothing to install, nothing to fetch, and style sheets colour them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stance.evaluation.intervals import Interval
from stance.reporting.page import escape
from stance.schema import Label

__all__ = ["curve", "reliability", "share_bar", "time_chart", "whisker"]

_WIDTH, _HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 16, 22, 34


def share_bar(counts: Mapping[Label, int]) -> str:
    """Draw counts of labels as one bar; the figures stand beside it, so screen readers skip it."""
    total = sum(counts.values())
    parts, at = [], 0.0
    for label, count in counts.items():
        if count:
            width = 100 * count / total
            parts.append(f'<rect class="fill-{label}" x="{at:.2f}" y="0" width="{width:.2f}" height="10"/>')
            at += width
    drawn = "".join(parts)
    return f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'


def whisker(interval: Interval, label: Label) -> str:
    """Draw a share with its interval on a line from 0 to 1; the figures stand beside it."""
    line = '<line class="stroke-line" x1="4" x2="140" y1="9" y2="9"/>'
    if not math.isnan(interval.value):
        at, low, high = (4 + 136 * end for end in (interval.value, interval.low, interval.high))
        line += f'<circle class="fill-{label}" cx="{at:.1f}" cy="9" r="4.5"/>'
        if not math.isnan(interval.low):
            line += f'<line class="stroke-{label} solid" x1="{low:.1f}" x2="{high:.1f}" y1="9" y2="9"/>'
    return f'<svg class="whisker" viewBox="0 0 144 18" aria-hidden="true">{line}</svg>'


def time_chart(name: str, times: Sequence[str], series: Mapping[Label, Sequence[Interval]]) -> str:
    """Draw shares over time, with intervals.

    Args:
        name: What the chart shows, for those who do not see it.
        times: Names of the points, in order.
        series: Label -> share at each of them; NaN leaves a gap.

    Returns:
        The chart.
    """
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(times))
    parts = [_frame()]
    every = math.ceil(len(times) / 12)
    for place, time in enumerate(times):
        if place % every == 0:
            x = _LEFT + step * (place + 0.5)
            parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(time)}</text>')
    for shift, (label, points) in zip((-3, 3), series.items(), strict=False):
        path, drawing = [], False
        for place, point in enumerate(points):
            if math.isnan(point.value):
                drawing = False
                continue
            x, y = _LEFT + step * (place + 0.5) + shift, _y(point.value)
            path.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
            drawing = True
            if not math.isnan(point.low):
                low, high = _y(point.low), _y(point.high)
                ends = f"M{x:.1f} {low:.1f}V{high:.1f}"
                parts.append(f'<path class="stroke-{label} solid" opacity=".6" d="{ends}"/>')
            parts.append(_dot(label, x, y))
        parts.append(f'<path class="stroke-{label}" d="{"".join(path)}"/>')
    return _chart(name, "".join(parts))


def curve(name: str, points: Sequence[tuple[float, float]], *, x_name: str, y_name: str) -> str:
    """Draw a curve through points in [0, 1] x [0, 1]; the vertical axis ends where the curve needs it.

    Args:
        name: What it shows, for those who do not see it.
        points: The points, from left to right.
        x_name: What goes to the right.
        y_name: What goes up.

    Returns:
        The chart.
    """
    top = max((y for _, y in points), default=1.0)
    most = next(end for end in (0.1, 0.2, 0.5, 1.0) if top <= end)
    path = "".join(f"{'L' if place else 'M'}{_x(x):.1f} {_y(y / most):.1f}" for place, (x, y) in enumerate(points))
    return _chart(name, f'{_frame(most)}{_names(x_name, y_name)}<path class="stroke-ink" d="{path}"/>')


def reliability(name: str, bins: Sequence[tuple[float, float, float]]) -> str:
    """Draw how often judgements are right against how sure they are.

    Args:
        name: What it shows, for those who do not see it.
        bins: Confidence, share that is right, and share of all judgements, of each bin that has any.

    Returns:
        The chart; the area of a point is its share of the judgements, the diagonal is where confidence holds.
    """
    parts = [_frame(), _names("confidence", "right")]
    parts.append(f'<path class="stroke-line" d="M{_x(0):.1f} {_y(0):.1f}L{_x(1):.1f} {_y(1):.1f}"/>')
    for confidence, right, weight in bins:
        size = 3 + 14 * math.sqrt(weight)
        parts.append(
            f'<circle class="fill-heat" opacity=".75" cx="{_x(confidence):.1f}" cy="{_y(right):.1f}" r="{size:.1f}"/>'
        )
    return _chart(name, "".join(parts))


def _x(share: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def _frame(most: float = 1.0) -> str:
    lines = []
    for part in (0, 0.25, 0.5, 0.75, 1):
        y = _y(part)
        lines.append(f'<line class="stroke-line" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        shown = f"{most * part * 100:.3g}%"
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{shown}</text>')
    return "".join(lines)


def _names(x_name: str, y_name: str) -> str:
    ends = "".join(
        f'<text x="{_x(part):.1f}" y="{_HEIGHT - 18}" text-anchor="middle">{part:.0%}</text>'
        for part in (0.25, 0.5, 0.75)
    )
    return (
        f'{ends}<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 3}" text-anchor="end">{escape(x_name)}</text>'
        f'<text x="{_LEFT + 4}" y="{_TOP - 8}">{escape(y_name)}</text>'
    )


def _dot(label: Label, x: float, y: float) -> str:
    if label == "against":  # another shape, since colour must not be all
        return f'<rect class="fill-against" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'
    return f'<circle class="fill-{label}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def _chart(name: str, drawn: str) -> str:
    told = escape(name)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{told}">'
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{told}">{drawn}</svg></div>'
    )
