"""A run as one HTML page: verdict, faults, what clients saw along a timeline, messages around the anomaly.

Rules:

1. The page holds everything itself: no script, no font, no picture from elsewhere. It opens without a network.
2. Pictures show the moments around the anomaly, where there is one: a whole run in one picture shows nothing.
3. Whatever comes from a run is escaped.

The trace holds when messages arrived, not when they were sent: an arrow stands at its arrival.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import attrs
import jinja2

from chaoslab.errors import UsageError
from chaoslab.history import Operation
from chaoslab.history.jsonl import read_jsonl
from chaoslab.history.words import in_words
from chaoslab.units import NS_PER_S

__all__ = ["FILLS", "STYLE", "page_of_folder", "write_page"]

_WIDTH: Final = 1000
_LEFT: Final = 70
_ROW: Final = 26
_OPERATIONS_MAX: Final = 300
_ARROWS_MAX: Final = 400
_FAILURES_MAX: Final = 50
_MARGIN_NS: Final = NS_PER_S // 5

STYLE: Final = """\
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 1060px; color: #222; }
h1 { font-size: 1.35em; } h2 { font-size: 1.1em; margin-top: 2em; } table { border-collapse: collapse; }
td, th { text-align: left; padding: .15em 1em .15em 0; vertical-align: top; } code { background: #f3f3f3; padding: .1em .3em; }
.valid { color: #17663a; } .invalid { color: #a4161a; } .unknown { color: #8a5a00; } .quiet { color: #666; }
svg { background: #fcfcfc; border: 1px solid #ddd; width: 100%; } svg text { font: 11px system-ui, sans-serif; }"""
"""How pages look."""

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
{{ style }}
</style></head><body>
<h1>{{ title }}</h1>
<p>{{ protocol }}, {{ nodes }} nodes, seed {{ seed }}: <b class="{{ verdict }}">{{ verdict }}</b></p>
<h2>What held, and what did not</h2>
<table>{% for check in checks %}<tr><td class="{{ check.verdict }}">{{ check.verdict }}</td><td>{{ check.name }}
{% if check.anomaly and check.anomaly != check.name %}({{ check.anomaly }}){% endif %}</td><td>{{ check.summary }}</td></tr>
{% endfor %}</table>
{% if operations %}<h2>The operations that show it</h2><table><tr><th>from</th><th>to</th><th></th></tr>
{% for one in operations %}<tr><td>{{ one.began }}</td><td>{{ one.ended }}</td><td>{{ one.words }}</td></tr>{% endfor %}</table>{% endif %}
<h2>What was injected</h2>
{% if faults %}<table>{% for fault in faults %}<tr><td>{{ "%.3f"|format(fault.begin_s) }} s</td>
<td>{% if fault.end_s is none %}-{% else %}{{ "%.3f"|format(fault.end_s) }} s{% endif %}</td><td>{{ fault.words }}</td></tr>
{% endfor %}</table>{% else %}<p>Nothing.</p>{% endif %}
{% if failures and faults %}<h2>Which fault led to which failure</h2>
<p>Faults are what was done, failures are what clients saw. Where the trace does not show a cause, those are named that were in force.</p>
<table><tr><th>at</th><th>failure</th><th>led to by</th></tr>
{% for one in failures[:failures_shown] %}<tr><td>{{ "%.3f"|format(one.invoked_s) }} s</td><td>{{ one.words }}</td><td>
{% for cause in one.led_by %}{{ cause.words }}: {{ cause.how }}{% if not loop.last %}<br>{% endif %}{% else %}<span class="quiet">not shown
{%- if one.under %}; under {% for number in one.under %}{{ faults[number].words }}{% if not loop.last %}; {% endif %}{% endfor %}{% else %}; no fault was in force{% endif %}</span>{% endfor %}</td></tr>
{% endfor %}</table>{% if failures|length > failures_shown %}<p>and {{ failures|length - failures_shown }} more</p>{% endif %}{% endif %}
<h2>What clients saw</h2>
<p>{{ clients.operations }} operations: {{ clients.ok }} succeeded, {{ clients.fail }} did not happen, of {{ clients.info }} nobody
knows. Shown: {{ span }}. Grey bands: faults. Red: the operations that show the anomaly.</p>
{{ timeline }}
{% if messages %}<h2>Messages, at the moments they arrived</h2>{{ messages }}{% endif %}
<p class="quiet">repeat with: <code>{{ repeat }}</code><br>trace hash {{ trace_hash }}</p>
</body></html>
"""

_TIMELINE: Final = """<svg viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="{{ label }}">
{% for band in bands %}<rect x="{{ band.x }}" y="0" width="{{ band.width }}" height="{{ height }}" fill="#000" opacity=".07">
<title>{{ band.words }}</title></rect>{% endfor %}
{% for row in rows %}<text x="4" y="{{ row.y + 4 }}">{{ row.name }}</text>
<line x1="{{ left }}" x2="{{ width }}" y1="{{ row.y }}" y2="{{ row.y }}" stroke="#ccc"/>{% endfor %}
{% for bar in bars %}<rect x="{{ bar.x }}" y="{{ bar.y - 7 }}" width="{{ bar.width }}" height="14" rx="2" fill="{{ bar.fill }}"
stroke="{{ bar.stroke }}"><title>{{ bar.words }}</title></rect>{% if bar.shown %}<text x="{{ bar.x + 2 }}" y="{{ bar.y - 9 }}">{{ bar.shown }}</text>{% endif %}{% endfor %}
{% for arrow in arrows %}<line x1="{{ arrow.x }}" x2="{{ arrow.x }}" y1="{{ arrow.y1 }}" y2="{{ arrow.y2 }}" stroke="#2b6cb0" opacity=".6">
<title>{{ arrow.words }}</title></line><circle cx="{{ arrow.x }}" cy="{{ arrow.y2 }}" r="2.5" fill="#2b6cb0"/>{% endfor %}
</svg>"""

FILLS: Final = {"ok": "#9ad1b0", "fail": "#dddddd", "info": "#f2d08a"}
"""The colour of an operation, by how it ended."""


@attrs.frozen
class _Window:
    """The stretch of virtual time that pictures show."""

    begin_ns: int
    end_ns: int

    def x(self, time_ns: float) -> float:
        share = (time_ns - self.begin_ns) / max(1, self.end_ns - self.begin_ns)
        return round(_LEFT + max(0.0, min(1.0, share)) * (_WIDTH - _LEFT), 1)

    def __str__(self) -> str:
        return f"{self.begin_ns / NS_PER_S:.3f} s to {self.end_ns / NS_PER_S:.3f} s"


def page_of_folder(folder: str | Path) -> str:
    """Return the page of the run in *folder*, which ``chaoslab run --out`` or a failing test has written.

    Raises:
        UsageError: the folder holds no run, or a damaged one.
    """
    folder = Path(folder)
    try:
        document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        trace = (folder / "trace.log").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"holds no run: {error.strerror}.", file=error.filename or folder) from None
    except ValueError as error:
        raise UsageError(f"is damaged: {error}.", file=folder) from None
    history = folder / "history.jsonl"
    try:
        with history.open(encoding="utf-8") as lines:  # a run in which nobody asked for anything has an empty one
            operations = list(read_jsonl(lines, str(history)).operations())
    except OSError as error:
        raise UsageError(f"holds no run: {error.strerror}.", file=history) from None
    return _page(document, operations, trace)


def write_page(page: str, path: Path) -> None:
    """Write *page* to *path*.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        path.write_text(page, encoding="utf-8", errors="backslashreplace")  # whatever clients put into their values
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=path) from None


def _page(document: dict[str, Any], operations: list[Operation], trace: list[str]) -> str:
    marked = {
        one["invoked"]["index"]: one
        for check in document["checks"]
        if check["verdict"] != "valid"
        for one in check["operations"]
    }
    window = _window(operations, set(marked))
    environment = jinja2.Environment(autoescape=True)
    picture = environment.from_string(_TIMELINE)
    bands = _bands(document["faults"], window)
    timeline = _timeline(picture, operations, set(marked), window, bands)
    scenario = document["scenario"]
    return environment.from_string(_PAGE).render(
        {
            **document,
            "style": STYLE,
            "failures_shown": _FAILURES_MAX,
            "title": scenario["title"] or "A run of ChaosLab",
            "protocol": scenario["protocol"],
            "nodes": scenario["nodes"],
            "operations": [_row(one) for one in operations if one.call in marked],
            "span": str(window),
            "timeline": _safe(timeline),
            "messages": _safe(_messages(picture, trace, window, bands)),
        }
    )


def _safe(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704 - rendered with everything in it escaped


def _row(one: Operation) -> dict[str, str]:
    ended = "-" if one.ret_time_ns is None else f"{one.ret_time_ns / NS_PER_S:.3f} s"
    return {"began": f"{one.call_time_ns / NS_PER_S:.3f} s", "ended": ended, "words": in_words(one)}


def _window(operations: list[Operation], marked: set[int]) -> _Window:
    told = [one for one in operations if one.call in marked] or operations[-_OPERATIONS_MAX:]
    if not told:
        return _Window(0, NS_PER_S)
    begin_ns = min(one.call_time_ns for one in told) - _MARGIN_NS
    ends_ns = [one.call_time_ns if one.ret_time_ns is None else one.ret_time_ns for one in told]
    return _Window(max(0, begin_ns), max(ends_ns) + _MARGIN_NS)


def _bands(faults: list[dict[str, Any]], window: _Window) -> list[dict[str, Any]]:
    bands = []
    for fault in faults:
        begin_ns = fault["begin_s"] * NS_PER_S
        end_ns = window.end_ns if fault["end_s"] is None else fault["end_s"] * NS_PER_S
        if end_ns >= window.begin_ns and begin_ns <= window.end_ns:
            x = window.x(begin_ns)
            bands.append({"x": x, "width": max(1.0, round(window.x(end_ns) - x, 1)), "words": fault["words"]})
    return bands


def _timeline(
    picture: jinja2.Template,
    operations: list[Operation],
    marked: set[int],
    window: _Window,
    bands: list[dict[str, Any]],
) -> str:
    shown = [
        one
        for one in operations
        if one.call in marked
        or (
            one.call_time_ns <= window.end_ns
            and (one.call_time_ns if one.ret_time_ns is None else one.ret_time_ns) >= window.begin_ns
        )
    ]
    shown = [one for one in shown if one.call in marked] + [one for one in shown if one.call not in marked]
    shown = sorted(shown[:_OPERATIONS_MAX], key=lambda one: one.call)
    places = {process: 20 + _ROW * row for row, process in enumerate(sorted({one.process for one in shown}))}
    bars = []
    for one in shown:
        x = window.x(one.call_time_ns)
        end_ns = window.end_ns if one.ret_time_ns is None else one.ret_time_ns
        is_marked = one.call in marked
        bars.append(
            {
                "x": x,
                "y": places[one.process],
                "width": max(2.0, round(window.x(end_ns) - x, 1)),
                "fill": FILLS.get(one.type, "#f2d08a"),
                "stroke": "#a4161a" if is_marked else "#888",
                "words": in_words(one),
                "shown": in_words(one, with_process=False) if is_marked else "",
            }
        )
    rows = [{"name": f"process {process}", "y": y} for process, y in places.items()]
    return _drawn(picture, rows, bands, bars, [], "operations of each process over time")


def _messages(picture: jinja2.Template, trace: list[str], window: _Window, bands: list[dict[str, Any]]) -> str:
    arrivals = list(_arrivals(trace, window))[:_ARROWS_MAX]
    if not arrivals:
        return ""
    names = sorted({name for _, source, target, _ in arrivals for name in (source, target)}, key=_in_order)
    places = {name: 20 + _ROW * row for row, name in enumerate(names)}
    arrows = [
        {
            "x": window.x(time_ns),
            "y1": places[source],
            "y2": places[target],
            "words": f"{source} to {target}: {what}, {time_ns / NS_PER_S:.6f} s",
        }
        for time_ns, source, target, what in arrivals
    ]
    rows = [{"name": name, "y": y} for name, y in places.items()]
    return _drawn(picture, rows, bands, [], arrows, "messages between nodes and clients over time")


def _arrivals(trace: list[str], window: _Window) -> Iterable[tuple[int, str, str, str]]:
    """Yield (time, sender, receiver, what) of each message that arrived in *window*."""
    for line in trace:
        parts = line.split(" ", 3)
        if len(parts) == 4 and parts[0].isdigit() and parts[1].isdigit() and ">" in parts[2]:
            time_ns = int(parts[0])
            if window.begin_ns <= time_ns <= window.end_ns:
                source, _, target = parts[2].partition(">")
                yield time_ns, source, target, parts[3]


def _in_order(name: str) -> tuple[str, int]:
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)


def _drawn(
    picture: jinja2.Template,
    rows: list[dict[str, Any]],
    bands: list[dict[str, Any]],
    bars: list[dict[str, Any]],
    arrows: list[dict[str, Any]],
    label: str,
) -> str:
    return picture.render(
        width=_WIDTH,
        left=_LEFT,
        height=max(1, len(rows)) * _ROW + 20,
        rows=rows,
        bands=bands,
        bars=bars,
        arrows=arrows,
        label=label,
    )
