"""Each reference protocol has a page: what it is, from which paper, what it promises, what was left out."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import docs.generate
from chaoslab_protocols import FOLDERS

PAGES = Path(docs.generate.__file__).parent / "protocols"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_protocol_has_a_page_that_names_it_its_source_and_what_was_left_out(folder: str) -> None:
    """A protocol that is added without a page fails here."""
    text = (PAGES / f"{folder}.md").read_text(encoding="utf-8")
    named = [one.name for one in import_module(f"chaoslab_protocols.{folder}").PROTOCOLS]
    assert [name for name in named if name not in text] == []
    assert "## What was left out\n" in text
    assert "## What it promises\n" in text or "Claims: " in text
    assert re.search(r"\b(19|20)\d\d\b|RFC \d+", text), "no paper and year"


def test_every_page_is_about_a_protocol() -> None:
    """A page whose protocol is gone fails here; the index lists all pages by itself."""
    assert sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "index") == sorted(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_reference_links_to_the_page(folder: str) -> None:
    """From every protocol of the folder."""
    text = docs.generate.pages()["protocols.md"]
    names = [one.name for one in import_module(f"chaoslab_protocols.{folder}").PROTOCOLS]
    for name in names:
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert f"(../protocols/{folder}.md)" in section
