"""The page of the command line: every verb with its arguments, its options and its help, from its function."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from typer.models import ArgumentInfo, OptionInfo

from chaoslab.cli.main import app
from docs.reference_of.markdown import docstring, table

__all__ = ["command_line_page"]

_HEAD = """# Command line

| exit code | |
|---|---|
| 0 | valid |
| 1 | invalid |
| 2 | unknown |
| 254 | wrong arguments or input: one sentence says what and where |
| 255 | an internal error |
| 130 | stopped by Ctrl-C |

With `--json`, standard output is one JSON document and nothing else.

"""


def command_line_page() -> str:
    """Return the page of all verbs."""
    return _HEAD + "\n".join(f"## chaoslab {name}\n\n{_verb(name, function)}" for name, function in _verbs(app))


def _verbs(group: typer.Typer, prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    for one in group.registered_commands:
        assert one.callback is not None
        yield prefix + (one.name or one.callback.__name__), one.callback
    for sub in group.registered_groups:
        assert sub.typer_instance is not None
        yield from _verbs(sub.typer_instance, f"{prefix}{sub.name} ")


def _verb(name: str, function: Callable[..., Any]) -> str:
    hints = typing.get_type_hints(function, include_extras=True)
    shape = [f"chaoslab {name}"]
    rows = []
    for parameter in inspect.signature(function).parameters.values():
        annotated = hints[parameter.name]
        while not hasattr(annotated, "__metadata__"):
            (annotated,) = [one for one in typing.get_args(annotated) if one is not types.NoneType]
        kind, *_ = typing.get_args(annotated)
        (info,) = [one for one in annotated.__metadata__ if isinstance(one, ArgumentInfo | OptionInfo)]
        metavar = info.metavar or _metavar(kind)
        if isinstance(info, ArgumentInfo):
            written = info.metavar or parameter.name.upper()
            optional = parameter.default is not inspect.Parameter.empty
            shape.append(f"[{written}]" if optional else written)
        else:
            option = info.param_decls[0] if info.param_decls else "--" + parameter.name.replace("_", "-")
            written = option if metavar is None else f"{option} {metavar}"
            shape.append(f"[{written}]")
        default = parameter.default
        told = "" if default in (inspect.Parameter.empty, None, False, "") or default == [] else f"`{default}`"
        rows.append((f"`{written}`", told, info.help or ""))
    text = f"```text\n{' '.join(shape)}\n```\n\n{docstring(inspect.getdoc(function) or '')}"
    return text + ("\n" + table(("argument", "default", ""), rows) if rows else "")


def _metavar(kind: Any) -> str | None:
    """Return the word for a value of this type; None for a flag, which takes none."""
    parts = [one for one in (typing.get_args(kind) or (kind,)) if one is not types.NoneType]
    while typing.get_args(parts[0]):
        parts = [one for one in typing.get_args(parts[0]) if one is not types.NoneType]
    return {bool: None, int: "N", float: "X", Path: "PATH"}.get(parts[0], "TEXT")
