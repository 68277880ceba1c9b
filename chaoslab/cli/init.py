"""``chaoslab init``: a small project to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaoslab.cli.output import print_lines
from chaoslab.cli.project import FILES
from chaoslab.errors import UsageError

__all__ = ["init"]


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The folder to make.")],
) -> None:
    """Make a small project: a replicated counter, a scenario, and a test that fails first."""
    folder = Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("is there already: name a folder that is new or empty.", file=folder)
    try:
        for file, text in FILES.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=folder) from None
    print_lines([*(f"made {folder / file}" for file in FILES), "", f"now: cd {folder} && pytest"])
