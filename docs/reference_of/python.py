"""The page of the public Python names: each with its signature and its docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import chaoslab
from chaoslab.faults import FAULTS
from docs.reference_of.markdown import docstring

__all__ = ["python_page"]

_HEAD = """# Python

The public names of `chaoslab`: `import chaoslab as cl`. Those that are not on this page may change at any time.

"""


def _is_error(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, BaseException)


def _makes_a_fault(one: Any) -> bool:
    return inspect.isfunction(one) and not _KINDS.isdisjoint(re.findall(r"\w+", str(_signature(one).return_annotation)))


_KINDS = {kind.__name__ for kind in FAULTS}
_GROUPS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("Errors", _is_error),
    ("Classes", lambda one: isinstance(one, type)),
    ("Faults", _makes_a_fault),
    ("Functions", inspect.isfunction),
    ("Other names", lambda one: True),
)


def python_page() -> str:
    """Return the page of everything in ``chaoslab.__all__``."""
    groups: dict[str, list[str]] = {title: [] for title, _ in _GROUPS}
    for name in sorted(chaoslab.__all__, key=lambda name: (name.lower(), name)):
        one = getattr(chaoslab, name)
        title = next(title for title, belongs in _GROUPS if belongs(one))
        groups[title].append(_name(name, one))
    order = ("Functions", "Classes", "Faults", "Errors", "Other names")
    return _HEAD + "\n".join(f"## {title}\n\n" + "\n".join(groups[title]) for title in order if groups[title])


def _name(name: str, one: Any) -> str:
    text = f"### {name}\n\n"
    if inspect.isfunction(one):
        text += f"```python\n{name}{_signature(one)}\n```\n\n"
    if inspect.isfunction(one) or isinstance(one, type):
        text += docstring(inspect.getdoc(one) or "")
    else:
        text += f"A `{type(one).__name__}`.\n"
    if isinstance(one, type) and not _is_error(one):
        methods = [
            (member, getattr(one, member))
            for member in sorted(vars(one))
            if not member.startswith("_") and _is_documented(vars(one)[member])
        ]
        text += "".join(f"\n- `{_shape(member, value)}`: {_first_line(value)}" for member, value in methods)
        text += "\n" if methods else ""
    return text


def _is_documented(member: Any) -> bool:
    return isinstance(member, property | classmethod | staticmethod) or inspect.isfunction(member)


def _shape(name: str, member: Any) -> str:
    if isinstance(member, property):
        return name
    shape = str(_signature(member)).replace("(self, ", "(").replace("(self)", "()")
    return ("await " if inspect.iscoroutinefunction(member) else "") + name + shape


class _AsWritten:
    """An annotation that is shown as its source has it, without quotation marks."""

    def __init__(self, text: object) -> None:
        self.text = str(text)

    def __repr__(self) -> str:
        return self.text


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    shape = inspect.signature(function)
    told = inspect.Signature.empty if shape.return_annotation == "None" else _AsWritten(shape.return_annotation)
    parameters = [
        one if one.annotation is inspect.Parameter.empty else one.replace(annotation=_AsWritten(one.annotation))
        for one in shape.parameters.values()
    ]
    return shape.replace(parameters=parameters, return_annotation=told)


def _first_line(member: Any) -> str:
    return (inspect.getdoc(member) or "").split("\n")[0]
