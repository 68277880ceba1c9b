"""What the tutorial, the guide and the how-tos show is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.shown import DOCS, Page, matches, pages_that_show

TUTORIAL = DOCS / "tutorial" / "index.md"
"""It is followed elsewhere, with nothing but the wheel: see ``tests/e2e/test_first_hour.py``."""


@pytest.mark.parametrize(
    "path", [path for path in pages_that_show() if path != TUTORIAL], ids=lambda path: str(path.relative_to(DOCS))
)
def test_a_page_can_be_followed_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    """Its files, its Python and its commands, in an empty folder; `python -m docs.shown PAGE` brings it up to date."""
    for command in Page(path, tmp_path).commands():
        assert matches(command.shown, command.printed), f"$ {command.line}\n{command.printed}\nis not\n{command.shown}"


def test_dots_stand_for_any_lines_and_nothing_else_does() -> None:
    """So a page may leave out what is not the point, and must not be wrong about the rest."""
    assert matches("one\n...\nthree\n", "one\ntwo\ntwo\nthree\n")
    assert matches("one\n...\nthree\n", "one\nthree\n")
    assert not matches("one\n...\nthree\n", "one\ntwo\nfour\n")
    assert not matches("one\n", "one\ntwo\n")
    assert not matches("o.e\n", "one\n")
