"""Names that lead to the real clock are found in every module of a program's, at the beginning of a run."""

from __future__ import annotations

import subprocess
import sys
import time
from types import ModuleType
from typing import Any

import pytest

from chaoslab.sim.served.bindings import Bindings


def fake() -> float:
    return 0.0


def module(name: str, file: str | None = "program.py") -> ModuleType:
    made = ModuleType(name)
    made.__dict__["clock"] = time.time
    made.__dict__["__file__"] = file
    return made


def bound(bindings: Bindings, among: ModuleType) -> Any:
    """Return what *among* calls its clock during a run."""
    bindings.bind()
    try:
        return among.__dict__["clock"]
    finally:
        bindings.release()


def test_a_module_that_is_imported_anew_is_looked_through_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests and tools reload programs: the count of modules is the same then, and so are their names."""
    bindings = Bindings([(time, "time", fake)])
    for _ in range(2):
        program = module("program")
        monkeypatch.setitem(sys.modules, "program", program)
        assert bound(bindings, program) is fake
        assert program.__dict__["clock"] is time.time is not fake


def test_what_is_typed_at_a_prompt_is_a_program() -> None:
    """It is in a module without a file."""
    code = """
import chaoslab as cl, trio
from time import time
async def serve(node): print(time())
async def main(cluster):
    cluster.start(serve, nodes=1)
    await trio.sleep(1)
cl.run(main, seed=0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1700000000.0\n"


@pytest.mark.parametrize(("name", "file"), [("own", None), ("pytest", pytest.__file__)])
def test_modules_of_python_and_of_pytest_keep_the_real_clock(
    name: str, file: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module without a file is Python's own, but for the one that is typed."""
    own = module(name, file)
    monkeypatch.setitem(sys.modules, name, own)
    assert bound(Bindings([(time, "time", fake)]), own) is not fake
