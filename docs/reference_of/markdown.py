"""Tables and docstrings as Markdown. Knows nothing of what they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["docstring", "table"]

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields|Source|Cost):(.*)$")
_ITEM = re.compile(r"^(\*{0,2}\w[\w., ]*?)(?: \([^)]*\))?: (.*)$")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [list(head), ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def docstring(text: str) -> str:
    """Return a docstring with ``Args:`` and the like as Markdown: its sections become lists."""
    parts: list[str] = []
    for block in text.split("\n\n"):
        lines = block.split("\n")
        section = _SECTION.match(lines[0])
        if section:
            parts.append(f"*{section[1]}*{':' if not section[2] else ': ' + section[2].strip()}")
            parts.append(_entries(lines[1:]))
        elif block.startswith("    "):
            parts.append("\n".join(["```text", *(line.removeprefix("    ") for line in lines), "```"]))
        else:
            parts.append(re.sub(r"::$", ":", block))
    return "\n\n".join(part for part in parts if part) + "\n"


def _entries(lines: Sequence[str]) -> str:
    """Return the indented lines of a section: one bullet for each entry, or a paragraph if there are none."""
    entries: list[str] = []
    for line in lines:
        text = line.removeprefix("    ")
        entry = _ITEM.match(text)
        if entry and not text.startswith(" "):
            entries.append(f"- `{entry[1]}`: {entry[2]}")
        elif entries:
            entries[-1] += " " + text.strip()
        else:
            entries.append(text)
    return "\n".join(entries)
