"""How a value class describes its parameters: one source for files, errors, lists and reference pages.

Rules:

1. A parameter is an attrs field made by ``parameter``: its unit, a line of help, and its default stand in one place.
2. A person writes the field's name, without a unit at its end: ``offset_ns`` is written ``offset``.
3. ``build`` is strict, ``written`` is its inverse: ``build(type(x), written(x)) == x``.
4. A parameter that says *whom* has the unit ``NODES`` or ``GROUPS``: words that ``with_places`` turns into names.

This file does not know files or lines; whoever reads a file adds the place to the error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from chaoslab.errors import UsageError, unknown_word
from chaoslab.units import (
    LONGEST_NS,
    format_duration,
    parse_bandwidth,
    parse_duration,
    parse_ppm,
    parse_rate,
    parse_ratio,
    parse_size,
)

__all__ = [
    "BANDWIDTH",
    "COUNT",
    "DURATION",
    "FLAG",
    "GROUPS",
    "NODES",
    "NUMBER",
    "PPM",
    "RATE",
    "RATIO",
    "SIGNED_DURATION",
    "SIZE",
    "TEXT",
    "WORDS",
    "ZONE",
    "Parameter",
    "Unit",
    "build",
    "nested",
    "one_of",
    "parameter",
    "parameters_of",
    "places",
    "split_groups",
    "with_places",
    "written",
]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Unit:
    """A kind of quantity.

    Attributes:
        name: In words, such as ``"duration"``.
        parse: From what a person wrote to the value; raises ``UsageError``.
        format: From the value to what a person would write.
        example: How it is written.
    """

    name: str
    parse: Callable[[object], Any]
    format: Callable[[Any], object]
    example: str
    inner: type | None = None
    """For a table of its own: the value class whose parameters it holds."""
    words: tuple[str, ...] = ()
    """For a choice: the words that are allowed."""
    whole: range = range(0)
    """Whole numbers that are values as they are: drawn faults have many, and to write and to read one takes long."""


def _parse_count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{value!r} is not a count: write a whole number of zero or more, such as 3.")
    return value


def _parse_text(value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f'{value!r} is not text: write it in quotes, such as "leader".')
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in value):
        raise UsageError(f"{value!r} is not plain text: it is one line, without control characters.")
    return value


def _parse_words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise UsageError(f'{value!r} is not a list of words: write ["n1", "n2"] or "n1 n2".')


def _parse_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0 or value == float("inf"):
        raise UsageError(f"{value!r} is not a number above zero, such as 2.5.")
    return float(value)


def _parse_nodes(value: object) -> str:
    words = _parse_words(value)
    if not words:
        raise UsageError('this names nobody: write names, roles or counts, such as "leader" or "n1 n2".')
    return " ".join(words)


def split_groups(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the groups written as ``"n1 n2 | n3"``.

    Raises:
        UsageError: fewer than two groups, or an empty one.
    """
    groups = tuple(tuple(group.replace(",", " ").split()) for group in text.split("|"))
    if len(groups) < 2 or not all(groups):
        raise UsageError(
            f"{text!r} does not split anything: write two or more groups with | between them, "
            'such as "n1 n2 | n3" or "leader | rest".'
        )
    return groups


def _parse_groups(value: object) -> str:
    return " | ".join(" ".join(group) for group in split_groups(_parse_text(value)))


def _parse_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{value!r} is neither true nor false.")
    return value


def _format_number(value: float) -> object:
    return int(value) if float(value).is_integer() else value


def _format_rate(value: float) -> str:
    return f"{_format_number(value)}/s"


DURATION: Final = Unit(
    name="duration",
    parse=parse_duration,
    format=format_duration,
    example='"150ms"',
    whole=range(LONGEST_NS + 1),
)
SIGNED_DURATION: Final = Unit(
    name="signed duration",
    parse=lambda value: parse_duration(value, may_be_negative=True),
    format=format_duration,
    example='"-250ms"',
)
RATE: Final = Unit(name="rate", parse=parse_rate, format=_format_rate, example='"40/s"')
SIZE: Final = Unit(name="size", parse=parse_size, format=lambda value: f"{value}B", example='"64KiB"')
BANDWIDTH: Final = Unit(
    name="bandwidth", parse=parse_bandwidth, format=lambda value: f"{value}B/s", example='"64KiB/s"'
)
RATIO: Final = Unit(name="ratio", parse=parse_ratio, format=_format_number, example='0.05 or "5%"')
PPM: Final = Unit(name="drift", parse=parse_ppm, format=lambda value: f"{value}ppm", example='"20ppm"')
COUNT: Final = Unit(name="count", parse=_parse_count, format=lambda value: value, example="3")
TEXT: Final = Unit(name="text", parse=_parse_text, format=lambda value: value, example='"leader"')
WORDS: Final = Unit(name="words", parse=_parse_words, format=list, example='["n1", "n2"]')
NUMBER: Final = Unit(name="number", parse=_parse_number, format=_format_number, example="2.5")
NODES: Final = Unit(name="nodes", parse=_parse_nodes, format=lambda value: value, example='"leader" or "n1 n2"')
GROUPS: Final = Unit(name="groups", parse=_parse_groups, format=lambda value: value, example='"leader | rest"')
ZONE: Final = Unit(name="zone", parse=_parse_text, format=lambda value: value, example='"east"')
FLAG: Final = Unit(name="flag", parse=_parse_flag, format=lambda value: value, example="true")

_KEY: Final = "chaoslab"


@attrs.frozen(kw_only=True)
class Parameter:
    """One parameter of a value class.

    Attributes:
        name: As a person writes it.
        field: The attrs field it fills.
        unit: What kind of quantity it is.
        help: One line for people.
        required: It has no default.
        default: What it is when left out; only if not required.
    """

    name: str
    field: str
    unit: Unit
    help: str
    required: bool
    default: Any = None


def parameter(unit: Unit, help: str, *, default: Any = attrs.NOTHING, name: str | None = None) -> Any:
    """Return an attrs field that can be read from files.

    Args:
        unit: What kind of quantity it is.
        help: One line for people.
        default: The value when it is left out; without one it must be given.
        name: How a person writes it; the field's name if not given.
    """
    return attrs.field(default=default, metadata={_KEY: (unit, help, name)}, validator=_is_allowed)


def _is_allowed(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse what nobody could have written in a file, wherever it comes from. The default is always allowed."""
    unit, _, name = attribute.metadata[_KEY]
    if value is attribute.default or value == attribute.default:
        return
    if value.__class__ is int and value in unit.whole:
        return
    key = name or attribute.name.rstrip("_")
    is_text = isinstance(value, str)
    try:
        if value is None or isinstance(value, list | dict | set):
            raise TypeError
        parsed = unit.parse(value if is_text else unit.format(value))
    except UsageError as error:
        raise UsageError(error.message, key=key) from None
    except Exception:  # whatever formatting something of another kind comes to
        raise UsageError(f"{value!r} is no {unit.name}, such as {unit.example} in a file.", key=key) from None
    if is_text and not isinstance(parsed, str):
        raise UsageError(f"{value!r} is for files: in Python it is {parsed!r}.", key=key)


def nested(cls: type[T], name: str, example: str) -> Unit:
    """Return the unit of a parameter that is a table of its own, with the parameters of *cls*."""

    def parse(value: object) -> T:
        if not isinstance(value, Mapping):
            raise UsageError(f"{value!r} is not a table: write {example}.")
        return build(cls, value)

    return Unit(name=name, parse=parse, format=written, example=example, inner=cls)


def one_of(*words: str) -> Unit:
    """Return the unit of a parameter that is one of *words*."""

    def parse(value: object) -> str:
        if value not in words:
            raise UsageError(unknown_word("word", str(value), words))
        return str(value)

    return Unit(name=" or ".join(words), parse=parse, format=lambda value: value, example=f'"{words[0]}"', words=words)


_PARAMETERS: Final[dict[type, tuple[Parameter, ...]]] = {}


def parameters_of(cls: type) -> tuple[Parameter, ...]:
    """Return the parameters of an attrs class, in the order of its fields."""
    if cls not in _PARAMETERS:  # asked for each line of each scenario
        _PARAMETERS[cls] = _parameters_of(cls)
    return _PARAMETERS[cls]


def _parameters_of(cls: type) -> tuple[Parameter, ...]:
    found = []
    for field in attrs.fields(cls):
        if _KEY not in field.metadata:
            continue
        unit, help, name = field.metadata[_KEY]
        required = field.default is attrs.NOTHING
        found.append(
            Parameter(
                name=name or field.name.rstrip("_"),
                field=field.name,
                unit=unit,
                help=help,
                required=required,
                default=None if required else field.default,
            )
        )
    return tuple(found)


def build(cls: type[T], values: Mapping[str, object]) -> T:
    """Return an instance of *cls* from what a person wrote.

    Raises:
        UsageError: a key is unknown or missing, or a value is not of its unit; ``key`` says which.
    """
    known = {one.name: one for one in parameters_of(cls)}
    for key in values:
        if key not in known:
            raise UsageError(unknown_word("key", key, known), key=key)
    arguments = {}
    for name, one in known.items():
        if name in values:
            try:
                arguments[one.field] = one.unit.parse(values[name])
            except UsageError as error:
                raise UsageError(error.message, key=f"{name}.{error.key}" if error.key else name) from None
        elif one.required:
            raise UsageError(
                f"{name} is missing: {one.help} It is a {one.unit.name}, such as {one.unit.example}.", key=name
            )
    return cls(**arguments)


def written(instance: Any) -> dict[str, object]:
    """Return what a person would write to get *instance*; parameters at their default are left out."""
    return {
        one.name: one.unit.format(getattr(instance, one.field))
        for one in parameters_of(type(instance))
        if one.required or getattr(instance, one.field) != one.default
    }


def places(instance: Any, units: tuple[Unit, ...] = (NODES, GROUPS)) -> tuple[tuple[str, Unit, str], ...]:
    """Return the parameters of *instance* that say whom, those of *units*: (dotted name, unit, words)."""
    found: list[tuple[str, Unit, str]] = []
    for one in parameters_of(type(instance)):
        value = getattr(instance, one.field)
        if one.unit in units and value:
            found.append((one.name, one.unit, value))
        elif one.unit.inner is not None and value is not None:
            found.extend((f"{one.name}.{name}", unit, words) for name, unit, words in places(value, units))
    return tuple(found)


def with_places(instance: T, resolve: Callable[[Unit, str], str]) -> T:
    """Return *instance* with ``resolve(unit, words)`` in every parameter that says whom."""
    changes: dict[str, Any] = {}
    for one in parameters_of(type(instance)):
        value = getattr(instance, one.field)
        if one.unit in (NODES, GROUPS) and value:
            changes[one.field] = resolve(one.unit, value)
        elif one.unit.inner is not None and value is not None:
            changes[one.field] = with_places(value, resolve)
    return attrs.evolve(instance, **changes) if changes else instance  # type: ignore[misc]
