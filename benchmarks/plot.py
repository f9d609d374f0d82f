"""A plot of calls a second over the hours, as an SVG of a few KiB: the largest second of every five minutes."""

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_SLOT = 300
_WIDTH, _HEIGHT = 900, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 70, 50
# Told apart by everybody (Okabe and Ito), and on a light or a dark page: the plot brings its own ground.
_COLOURS = ("#d55e00", "#999999", "#0072b2")


def peaks(series: Mapping[str, Sequence[int]], title: str) -> str:
    """The SVG: one line a series, which has a number for each second; how many is on a logarithmic scale."""
    hours = max(map(len, series.values())) / 3600
    decades = max(1, math.ceil(math.log10(max(max(values) for values in series.values()) or 1)))
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(seconds: float) -> float:
        return _LEFT + width * seconds / 3600 / hours

    def y(calls: float) -> float:
        # Less than one has no logarithm: none at all is the lowest line.
        return _TOP + height * (1 - math.log10(max(calls, 1)) / decades)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="13" fill="#333">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for decade in range(decades + 1):
        at = y(10**decade)
        parts.append(f'<path d="M{_LEFT} {at:.1f}h{width}" stroke="#ddd"/>')
        label = f"{10**decade:,}" if decade else "\u2264 1"
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    step = max(1, round(hours / 12))
    for hour in range(0, int(hours) + 1, step):
        at = x(hour * 3600)
        parts.append(f'<path d="M{at:.1f} {_TOP + height}v5" stroke="#333"/>')
        parts.append(f'<text x="{at:.1f}" y="{_TOP + height + 20}" text-anchor="middle">{hour}</text>')
    middle = _LEFT + width / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">hours after the boot</text>')
    left = float(_LEFT)
    for (name, values), colour in zip(series.items(), _COLOURS, strict=False):
        points = [(x(start), y(max(values[start : start + _SLOT]))) for start in range(0, len(values), _SLOT)]
        path = "M" + "L".join(f"{across:.0f} {down:.0f}" for across, down in points)
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<path d="M{left:.0f} 44h20" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{left + 26:.0f}" y="48">{escape(name)}</text>')
        left += 50 + 7.2 * len(name)
    return "\n".join([*parts, "</svg>"]) + "\n"
