"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import chaoslab as cl

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```console\n\$ (chaoslab [^\n]*)\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_in_the_readme_prints_what_the_readme_shows(command: str, output: str) -> None:
    """Word for word: one seed is one run on every machine."""
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)], capture_output=True, check=False, encoding="utf-8"
    )
    assert done.stdout == output


def test_the_readme_shows_a_run_that_holds_and_one_that_does_not() -> None:
    """Both kinds, so that nobody has to guess what a failure looks like."""
    assert [bool(re.search(r"^(IN)?VALID", output, re.MULTILINE)) for _, output in COMMANDS] == [True, True]
    assert [("\nINVALID" in output) for _, output in COMMANDS] == [False, True]


def test_the_test_in_the_readme_fails_as_the_readme_says() -> None:
    """The store in it keeps copies that know nothing of each other."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - it is our own text
    with pytest.raises(cl.ConsistencyViolation, match="read"):
        cl.run(names["test_my_store"])  # type: ignore[arg-type]
