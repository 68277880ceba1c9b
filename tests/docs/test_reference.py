"""The reference pages are made from the code, and are up to date; the schema accepts what the reader accepts."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import jsonschema
import pytest

from chaoslab.plugins import registry
from chaoslab.scenario.schema import scenario_schema
from chaoslab.scenario.shipped import shipped_scenarios
from docs.generate import FOLDER, pages


@functools.cache
def validator() -> jsonschema.Draft202012Validator:
    """Return what checks documents; made once, since looking at the schema itself takes longer than at a scenario."""
    schema = scenario_schema(registry())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_page_is_what_the_code_says(name: str) -> None:
    """`make reference` brings it up to date."""
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name]


@pytest.mark.parametrize("path", [path for _, _, path in shipped_scenarios()], ids=str)
def test_every_shipped_scenario_satisfies_the_schema(path: Path) -> None:
    """An editor that knows the schema marks nothing in them."""
    validator().validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("old", "new"),
    [('kind = "partition"', 'kind = "partitoin"'), ("[network]", "[netwrok]"), ('every = "6s"', "every = 6")],
)
def test_the_schema_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    """Unknown kinds and sections, and durations without a unit."""
    text = next(Path(path) for name, _, path in shipped_scenarios() if name == "abd/every_fault").read_text("utf-8")
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(tomllib.loads(text.replace(old, new)))
