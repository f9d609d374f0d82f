"""The chart in README: how long it takes to be given credentials, drawn from what was measured.

python benchmarks/chart.py      # draws chart.svg from result.json, beside this file
"""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import targets

HERE = Path(__file__).resolve().parent
WIDTH = 860
_LABEL = 300
_BAR = 430
_ROW = 24
_OURS, _THEIRS = "#2f6f4f", "#8a93a0"
_STYLE = (
    "text{font:13px -apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1f2328}"
    ".title{font-size:15px;font-weight:600}.note{font-size:11.5px;fill:#59636e}"
)

_FRONT = (targets.FRONT_GET, targets.STATIC_GET)

Bar = tuple[str, float, str]


def drawn(result: Mapping[str, Any]) -> str:
    """The chart as SVG."""
    hits, misses = _hits(result), _misses(result)
    parts: list[str] = []
    y = 30
    if hits:
        title = "A hit: how many times what starting Python costs (log scale)"
        y = _panel(parts, y, title, hits, _log_scale([value for _, value, _ in hits]), _times)
    if misses:
        title = "A miss, with the call to a local STS: milliseconds"
        largest = max(value for _, value, _ in misses)
        y = _panel(parts, y + 14, title, misses, lambda value: value / largest, "{:.0f} ms".format)
    for line in _notes(result):
        parts.append(f'<text class="note" x="16" y="{y + 8}">{escape(line)}</text>')
        y += 17
    height = y + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{escape(_spoken(hits, misses))}">\n<style>{_STYLE}</style>\n'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff" stroke="#d1d9e0"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _hits(result: Mapping[str, Any]) -> list[Bar]:
    # The helper's own from the group of its forms: beside programs that take all of the caches the bare interpreter is
    # slower, and it would look faster than it is.
    own = (targets.BARE, targets.FASTEST, targets.CONSOLE)
    front = result["groups"].get("the front", {})
    group = result["groups"].get("warm", {}) | {
        name: values for name, values in result["groups"].get("hit", {}).items() if name in own
    }
    group |= {name: front[name] for name in _FRONT if name in front}
    names = dict.fromkeys((*own, *_FRONT), _OURS) | {targets.BARE: _THEIRS}
    bars = [(name, values["ratio"], names.get(name, _THEIRS)) for name, values in group.items()]
    ours = [("assume-helper " + name, value, colour) if colour == _OURS else (name, value, colour)
            for name, value, colour in bars]  # fmt: skip
    return sorted(ours, key=lambda bar: bar[1])


def _misses(result: Mapping[str, Any]) -> list[Bar]:
    group = result["groups"].get("cold", {})
    colours = {targets.MISS: _OURS, targets.EDITED: _OURS}
    bars = [(name, values["median_ms"], colours.get(name, _THEIRS)) for name, values in group.items()]
    return sorted(bars, key=lambda bar: bar[1])


def _log_scale(values: Sequence[float]) -> Any:
    """From a ratio to a part of the width: a little less than the smallest is nothing, the largest is all."""
    least, most = math.log(0.8 * min(values)), math.log(max(values))
    return lambda value: max((math.log(value) - least) / (most - least), 0.01)


def _times(value: float) -> str:
    return f"{value:.1f} x" if value >= 0.95 else f"{value:.2f} x"


def _panel(parts: list[str], y: int, title: str, bars: Sequence[Bar], scale: Any, words: Callable[[float], str]) -> int:
    """Draw one panel below `y`; where it ends."""
    parts.append(f'<text class="title" x="16" y="{y}">{escape(title)}</text>')
    y += 12
    for name, value, colour in bars:
        width = round(scale(value) * _BAR, 1)
        weight = ' font-weight="600"' if colour == _OURS else ""
        parts.append(f'<text x="{_LABEL}" y="{y + 16}" text-anchor="end"{weight}>{escape(name)}</text>')
        parts.append(f'<rect x="{_LABEL + 10}" y="{y + 4}" width="{width}" height="16" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{_LABEL + 16 + width}" y="{y + 16}"{weight}>{words(value)}</text>')
        y += _ROW
    return y + 8


def _notes(result: Mapping[str, Any]) -> list[str]:
    machine = result["machine"]
    versions = dict.fromkeys(
        f"{name.partition(',')[0]} {version.removeprefix('boto3 ')}"
        for name, version in result["versions"].items()
        if version and not name.startswith("boto3 with")
    )
    notes = [
        f"Medians of one run in turn; Python {machine['python']}, {machine['system']}, {machine['cores']} cores, load "
        f"{machine['load_before']} before.",
        "; ".join(versions) + ("." if versions else ""),
    ]
    return [line for line in notes if line]


def _spoken(hits: Sequence[Bar], misses: Sequence[Bar]) -> str:
    """The chart in words, for those who do not see it."""
    told = [f"{name}: {_times(value)[:-2]} times a bare interpreter" for name, value, _ in hits]
    return "; ".join(told + [f"{name}: {value:.0f} ms" for name, value, _ in misses])


def main() -> int:
    result = json.loads((HERE / "result.json").read_text(encoding="utf-8"))
    (HERE / "chart.svg").write_text(drawn(result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
