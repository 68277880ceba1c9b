"""Finds the line on which a key of a TOML file stands, for error messages.

``tomllib`` parses, and keeps no positions. This walks over the text's lines once and remembers where each dotted key
and table header stands. It need not be a parser: the text has been parsed already, so it is valid TOML.

A path is a tuple of keys and, for arrays of tables, positions from 0: ``("fault", 1, "target")``.
"""

from __future__ import annotations

import re

__all__ = ["Path", "line_of", "lines_of_keys"]

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")
_LONG_QUOTES = ('"""', "'''")


def lines_of_keys(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every key and table in *text*. Cost: O(length of the text)."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    inside: str | None = None  # the quotes of a text of several lines that is still open
    depth = 0  # open brackets of an array of several lines
    for number, line in enumerate(text.splitlines(), start=1):
        if inside is not None:
            if inside in line:
                inside = None
            continue
        bare = _without_strings_and_comment(line)
        if depth > 0:
            depth += _depth(bare)
            continue
        header = _HEADER.match(line)
        if header is not None and "=" not in bare:
            table = _resolved(_parts(header[2]), counts)
            if header[1] == "[[":
                position = counts.get(table, 0)
                counts[table] = position + 1
                found.setdefault(table, number)
                table = (*table, position)
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key is None:
            continue
        path: Path = (*table, *_parts(key[1]))
        for length in range(len(table) + 1, len(path) + 1):
            found.setdefault(path[:length], number)
        for quotes in _LONG_QUOTES:
            if line.count(quotes) % 2:
                inside = quotes
        depth = max(0, _depth(bare))
    return found


def _depth(bare: str) -> int:
    return bare.count("[") - bare.count("]") + bare.count("{") - bare.count("}")


def _resolved(parts: Path, counts: dict[Path, int]) -> Path:
    """Put the position of the last table into a path that goes through an array of tables."""
    path: Path = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if path in counts and position < len(parts) - 1:
            path = (*path, counts[path] - 1)
    return path


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _without_strings_and_comment(line: str) -> str:
    return re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|#.*", "", line)


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """Return the line of *path*, or of the nearest table around it; None if nothing of it stands in the file."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None
