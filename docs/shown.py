"""What a page shows is what happens: its files are written, its commands are run, its Python is executed.

Rules:

1. A page works in a folder of its own, from top to bottom, as its reader does.
2. A block of ``python`` or ``toml`` that begins with ``# a_file.py`` is that file; other ``python`` is executed.
3. In a block of ``console``, lines that begin with ``$`` are run, and what stands below is what they print. A line
   ``...`` stands for any number of lines.

``python -m docs.shown PAGE ...`` runs pages and writes into them what their commands print today, where that differs.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

__all__ = ["DOCS", "Command", "Page", "matches", "pages_that_show"]

DOCS = Path(__file__).parent

_BLOCK = re.compile(r"^```(console|python|toml)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_FILE = re.compile(r"# ([\w./-]+\.(?:py|toml))\n")


@attrs.frozen(kw_only=True)
class Command:
    """A command of a page: its line, what the page shows below it, and what it printed."""

    line: str
    shown: str
    printed: str


class Page:
    """A page in Markdown, the folder in which its reader works, and the Python that its reader has."""

    def __init__(self, path: Path, folder: Path, python: str | Path = sys.executable) -> None:
        self.bin = str(Path(python).parent)
        self.text = path.read_text(encoding="utf-8")
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": path.stem}

    def commands(self) -> Iterator[Command]:
        """Do everything that the page shows, and yield its commands, each once it has run."""
        for kind, block in _BLOCK.findall(self.text):
            file = _FILE.match(block)
            if kind == "console":
                for line, shown in _COMMAND.findall(block):
                    yield Command(line=line, shown=shown, printed=self._run(line))
            elif file:
                target = self.folder / file[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block, encoding="utf-8")
            elif kind == "python":
                with contextlib.chdir(self.folder):
                    exec(compile(block, "<page>", "exec"), self.names)  # noqa: S102 - it is our own text

    def _run(self, line: str) -> str:
        environment = {
            **os.environ,
            "PATH": self.bin + os.pathsep + os.environ["PATH"],
            "COLUMNS": "120",
            "NO_COLOR": "1",
        }
        for name in ("PYTEST_ADDOPTS", "PYTHONPATH", "CI", "BUILD_NUMBER"):  # pytest and Hypothesis say more in CI
            environment.pop(name, None)
        done = subprocess.run(  # noqa: S602 - it is our own text
            line,
            shell=True,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        return done.stdout.replace(str(self.folder), "/home/you")


def matches(shown: str, printed: str) -> bool:
    """Return whether *printed* is what is shown, where a line ``...`` stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"[ \t]*\n" for line in shown.rstrip().splitlines()
    )
    return re.fullmatch(pattern + r"\n*", printed) is not None


def pages_that_show() -> list[Path]:
    """Return the pages with commands or Python in them, in order."""
    folders = ("tutorial", "guide", "how-to")
    return sorted(
        page for folder in folders for page in (DOCS / folder).glob("*.md") if _BLOCK.search(page.read_text())
    )


def _brought_up_to_date(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    at = 0
    with tempfile.TemporaryDirectory() as folder:
        for command in Page(path, Path(folder)).commands():
            old = f"$ {command.line}\n{command.shown}"
            at = text.index(old, at)
            if not matches(command.shown, command.printed):
                printed = re.sub(r"[ \t]+$", "", command.printed.rstrip() + "\n" if command.printed else "", flags=re.M)
                text = text[:at] + f"$ {command.line}\n{printed}" + text[at + len(old) :]
                sys.stderr.write(f"{path.name}: {command.line}\n")
            at += 1
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        _brought_up_to_date(Path(name))
