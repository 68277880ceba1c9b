"""The scenarios that come with ChaosLab, by name: ``abd/partition`` is ``abd/partition.toml`` among them."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from textwrap import shorten
from typing import Any

from chaoslab.errors import ScenarioError, nearest

__all__ = ["protocol_of", "scenario_path", "shipped_folder", "shipped_scenarios", "topic_of"]

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped_folder() -> Path:
    """Return the folder of the shipped scenarios: inside the installed package, or beside it in a checkout."""
    inside = _PACKAGE / "shipped_scenarios"
    return inside if inside.is_dir() else _PACKAGE.parent / "scenarios"


def shipped_scenarios() -> list[tuple[str, str, Path]]:
    """Return (name, title, file) of each shipped scenario, in order of names."""
    folder = shipped_folder()
    found = []
    for path in sorted(folder.rglob("*.toml")):
        found.append((path.relative_to(folder).with_suffix("").as_posix(), _head(path, "title"), path))
    return found


def topic_of(path: Path) -> str:
    """Return what the shipped scenario in the file *path* teaches, or ``""``."""
    return _head(path, "topic")


def protocol_of(path: Path) -> str:
    """Return the protocol that the shipped scenario in the file *path* runs, without reading more of it."""
    return _head(path, "protocol", table="cluster")


def _head(path: Path, key: str, table: str = "scenario") -> str:
    """Return what stands at *key* of *table*, or ``""``."""
    said = _tables(path).get(table, {}).get(key, "")
    return said if isinstance(said, str) else ""


@functools.cache
def _tables(path: Path) -> dict[str, Any]:
    """Return what stands in the shipped file *path*: it does not change."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def scenario_path(name: str) -> Path:
    """Return the file that *name* means: a path, or else the name of a shipped scenario.

    Raises:
        ScenarioError: there is neither; names the nearest.
    """
    path = Path(name)
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        raise ScenarioError(f"{shorten(name, 60)!r} cannot be the name of a file.") from None
    shipped = {short: file for short, _, file in shipped_scenarios()}
    key = path.with_suffix("").as_posix() if path.suffix == ".toml" else path.as_posix()
    key = key.removeprefix("./").removeprefix("scenarios/")
    if key in shipped:
        return shipped[key]
    inside = [short for short in shipped if short.startswith(f"{key}/")]
    if inside:
        raise ScenarioError(
            f"there is no such file; of the shipped scenarios, {', '.join(inside)} begin so.", file=name
        )
    match = nearest(key, shipped)
    hint = f"; did you mean {match!r}?" if match else ";"
    raise ScenarioError(f"there is no such file{hint} 'chaoslab list scenarios' shows the shipped ones.", file=name)
