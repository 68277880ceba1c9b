"""What ``import chaoslab`` gives, and what it costs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import chaoslab as cl

SOURCE = Path(cl.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))


def test_every_public_name_can_be_had() -> None:
    """The list of public names and the table of their homes are the same, and each home has its names."""
    assert sorted(cl.__all__) == sorted(cl._HOME_OF)
    for name in cl.__all__:
        assert getattr(cl, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not public is refused as by any module."""
    with pytest.raises(AttributeError, match="no attribute 'partitoin'"):
        _ = cl.partitoin  # type: ignore[attr-defined]


def modules_after(statement: str) -> set[str]:
    """Return what a fresh interpreter has imported after *statement*."""
    code = f"import sys; before = set(sys.modules); {statement}; print('\\n'.join(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_chaoslab_is_light() -> None:
    """Neither Hypothesis nor Jinja nor the command line nor Trio is imported along."""
    loaded = modules_after("import chaoslab")
    for heavy in ("hypothesis", "jinja2", "typer", "rich", "chaoslab.cli", "trio", "pytest"):
        assert heavy not in loaded


def test_using_chaoslab_from_python_does_not_import_the_command_line() -> None:
    """A run needs neither Hypothesis nor Jinja nor the command line."""
    loaded = modules_after("import chaoslab; chaoslab.run; chaoslab.partition; chaoslab.Cluster")
    for heavy in ("hypothesis", "jinja2", "typer", "chaoslab.cli"):
        assert heavy not in loaded


def test_the_pytest_plugin_is_light() -> None:
    """A suite that does not use ChaosLab does not pay for it."""
    loaded = modules_after("import pytest, chaoslab.pytest_plugin")
    for heavy in ("trio", "hypothesis", "typer", "chaoslab.sim", "chaoslab.cluster"):
        assert heavy not in loaded


def test_judging_histories_does_not_import_the_simulator() -> None:
    """Checkers work on histories recorded anywhere."""
    loaded = modules_after("import chaoslab.checkers.registry")
    assert not {name for name in loaded if name.startswith(("trio", "chaoslab.sim", "chaoslab.cluster"))}


def test_only_one_file_touches_private_names_of_trio() -> None:
    """A new version of Trio can break one file only."""
    private = re.compile(r"trio\._|from trio import _|trio\.\w+\._|GLOBAL_RUN_CONTEXT")
    touching = [str(path.relative_to(SOURCE)) for path in MODULES if private.search(path.read_text(encoding="utf-8"))]
    assert touching == [str(Path("sim", "determinism.py"))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A module begins with a docstring, and its ``__all__`` names what exists."""
    assert path.read_text(encoding="utf-8").startswith(('"""', "'''"))
