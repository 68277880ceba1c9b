"""A judged history as one HTML page: what held, the operations that show what did not, and those around them.

Rules:

1. The page holds everything itself, as in ``html``, and what comes from the history is escaped.
2. Operations stand in the order of events, evenly spaced: that order is what was judged, and recorded times may be too
   coarse to show it. What is far from the anomaly is left out, so the picture is no measure of time.
3. Operations that show the anomaly carry letters, in the picture as in the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_uppercase
from typing import Any, Final

import jinja2

from chaoslab.checkers import Outcome, Verdict
from chaoslab.checkers.ladder import Ladder
from chaoslab.history import History, Operation
from chaoslab.history.words import in_words
from chaoslab.report.html import FILLS, STYLE

__all__ = ["page_of_history"]

_AROUND: Final = 8
"""Events before and after each of an operation that shows the anomaly whose operations are drawn too."""
_OPERATIONS_MAX: Final = 120
_LEFT: Final = 90
_STEP: Final = 24
_ROW: Final = 34
_WIDTH_MIN: Final = 600
_LETTER: Final = 6.2
"""About how wide a letter is, in the units of the picture."""

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
{{ style }}
td:not(:last-child) { white-space: nowrap; } .wide { overflow-x: auto; } .wide svg { width: auto; }
</style></head><body>
<h1>{{ title }}</h1>
<p>{{ "{:,}".format(count) }} operations, format {{ format }}, model {{ model }}: <b class="{{ outcome }}">{{ outcome }}</b>.
{% if strongest %}The strongest level that holds is {{ strongest }}.{% else %}No level that was checked holds.{% endif %}</p>
<h2>What held, and what did not</h2>
<table>{% for one in verdicts %}<tr><td class="{{ one.outcome }}">{{ one.outcome }}</td><td>{{ one.name }}</td><td>
{%- if one.anomaly and one.outcome == "invalid" %}{{ one.anomaly }}{% endif %}</td><td>{{ one.summary }}</td></tr>
{% endfor %}</table>
{% if told is not none %}<h2>What shows that it is not {{ told.name }}</h2>
{% if marked %}<table><tr><th></th><th>invoked</th><th>completed</th><th>operation</th></tr>
{% for one in marked %}<tr><td>{{ one.letter }}</td><td>event {{ one.call }}</td>
<td>{% if one.ret is none %}-{% else %}event {{ one.ret }}{% endif %}</td><td>{{ one.words }}</td></tr>{% endfor %}</table>
{% endif %}{% endif %}
<h2>In order</h2>
<p>{{ shown }} of {{ "{:,}".format(count) }} operations, {{ where }}, each from its invocation to its completion, in the order
of events and not to scale. Green: it happened. Yellow: nobody knows, and it may happen at any later time. Grey: it did
not happen. {% if marked %}Framed in red: what shows the anomaly. {% endif %}Point at one to read what it was.</p>
<div class="wide"><svg width="{{ width }}" height="{{ height }}" role="img" aria-label="operations in order">
{% for row in rows %}<text x="4" y="{{ row.y + 4 }}">{{ row.name }}</text>
<line x1="{{ left }}" x2="{{ width }}" y1="{{ row.y }}" y2="{{ row.y }}" stroke="#ccc"/>{% endfor %}
{% for bar in bars %}<g><title>{{ bar.words }}</title><rect x="{{ bar.x }}" y="{{ bar.y - 7 }}" width="{{ bar.width }}" height="14"
rx="2" fill="{{ bar.fill }}" stroke="{{ "#a4161a" if bar.text else "#888" }}" stroke-width="{{ 2 if bar.text else 1 }}"/></g>
{% if bar.text %}<text x="{{ bar.x }}" y="{{ bar.y - 10 }}" fill="#a4161a">{{ bar.text }}</text>{% endif %}{% endfor %}
</svg></div>
<p class="quiet">judged by chaoslab check</p>
</body></html>
"""


def page_of_history(title: str, history: History, ladder: Ladder, outcome: Outcome, *, model: str, format: str) -> str:
    """Return the page.

    Args:
        title: What the history is called.
        history: What was judged: n operations.
        ladder: What it satisfies.
        outcome: What that comes to.
        model: The model's name.
        format: The name of the format it was recorded in.

    Cost: O(n).
    """
    operations = history.operations()
    told = ladder.broken
    letters = {one.call: _letter(place) for place, one in enumerate(told.operations if told is not None else ())}
    shown = _around(operations, letters)
    return (
        jinja2.Environment(autoescape=True)
        .from_string(_PAGE)
        .render(
            title=title,
            style=STYLE,
            count=len(operations),
            format=format,
            model=model,
            outcome=outcome,
            strongest=ladder.strongest,
            verdicts=[_level(verdict) for verdict in ladder.verdicts],
            told=told,
            marked=[_row(one, letters[one.call]) for one in operations if one.call in letters],
            shown=len(shown),
            where="those around what shows it" if letters else "the last ones",
            left=_LEFT,
            **_picture(shown, letters),
        )
    )


def _level(verdict: Verdict) -> dict[str, Any]:
    implied_by = verdict.details.get("implied_by")
    summary = f"follows from {implied_by}" if implied_by else verdict.summary
    return {"outcome": verdict.outcome, "name": verdict.name, "anomaly": verdict.anomaly, "summary": summary}


def _row(one: Operation, letter: str) -> dict[str, Any]:
    return {"letter": letter, "call": one.call, "ret": one.ret, "words": in_words(one)}


def _letter(place: int) -> str:
    """Return A to Z, then A1 to Z1, and so on."""
    turn, letter = divmod(place, len(ascii_uppercase))
    return f"{ascii_uppercase[letter]}{turn or ''}"


def _around(operations: Sequence[Operation], marked: Iterable[int]) -> list[Operation]:
    """Return the *marked* operations and those that begin or end near one of them; without any, the last ones."""
    chosen = set(marked)
    if not chosen:
        return list(operations[-_OPERATIONS_MAX // 2 :])
    ends = [end for one in operations if one.call in chosen for end in (one.call, one.ret) if end is not None]
    near = {event for end in ends for event in range(end - _AROUND, end + _AROUND + 1)}
    others = [one for one in operations if one.call not in chosen and (one.call in near or one.ret in near)]
    shown = [one for one in operations if one.call in chosen] + others[: max(0, _OPERATIONS_MAX - len(chosen))]
    return sorted(shown, key=lambda one: one.call)


def _picture(shown: Sequence[Operation], letters: dict[int, str]) -> dict[str, Any]:
    """Return what the picture draws: a row for each process, a bar for each operation."""
    events = sorted({event for one in shown for event in (one.call, one.ret) if event is not None})
    places = {event: _LEFT + _STEP * place for place, event in enumerate(events)}
    width = max(_WIDTH_MIN, _LEFT + _STEP * (len(events) + 1))
    rows = {process: 24 + _ROW * row for row, process in enumerate(sorted({one.process for one in shown}))}
    texts = _texts(shown, letters, places, width)
    bars = [
        {
            "x": places[one.call],
            "y": rows[one.process],
            "width": (width if one.ret is None else places[one.ret]) - places[one.call],
            "fill": FILLS[one.type],
            "words": in_words(one),
            "text": texts.get(one.call, ""),
        }
        for one in shown
    ]
    named = [{"name": f"process {process}", "y": y} for process, y in rows.items()]
    return {"width": width, "height": _ROW * len(rows) + 20, "rows": named, "bars": bars}


def _texts(shown: Sequence[Operation], letters: dict[int, str], places: dict[int, int], width: int) -> dict[int, str]:
    """Return what stands above each operation that has a letter, cut before the next one of its process."""
    texts = {}
    ends: dict[int, int] = {}
    for one in reversed(shown):
        if one.call in letters:
            room = int((ends.get(one.process, width) - places[one.call]) / _LETTER)
            text = f"{letters[one.call]}: {in_words(one, with_process=False)}"
            texts[one.call] = text if len(text) <= room else f"{text[: max(1, room - 2)]}…"
            ends[one.process] = places[one.call]
    return texts
