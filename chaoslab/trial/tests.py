"""Tests by name: how a scenario that is about a test finds it, in the process that runs it and in any other.

Rules:

1. A test is named as local code is: ``/folder/test_store.py:test_store``; with the parameters of pytest behind it, if
   it has any.
2. A test that is run in this process is provided by whoever runs it, with its fixtures. Any other is imported; it must
   take nothing but the cluster then, for there is nobody to make fixtures.

This file does not know pytest.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from chaoslab import local_code
from chaoslab.errors import UsageError
from chaoslab.plugins import Registry
from chaoslab.trial.setup import Setup

__all__ = ["TestCode", "find_test", "provide", "setup_of"]


@attrs.frozen(kw_only=True)
class TestCode:
    """A test that can be run.

    Attributes:
        function: Called with the cluster.
        setup: What was said of it beforehand.
    """

    __test__ = False  # pytest: this is no test

    function: Callable[[Any], Awaitable[object]]
    setup: Setup


_provided: dict[str, TestCode] = {}


def provide(name: str, test: TestCode) -> None:
    """Let *test* be found as *name* in this process."""
    _provided[name] = test


def find_test(name: str, plugins: Registry) -> TestCode:
    """Return the test called *name*.

    Raises:
        UsageError: there is none, or it takes fixtures and is not run by pytest.
    """
    if name in _provided:
        return _provided[name]
    plain = name.partition("[")[0]
    function = local_code.load(plain)
    if not inspect.iscoroutinefunction(function):
        raise UsageError(f"{local_code.short(plain)} is no test: that is an async function which takes a cluster.")
    more = [one for one in inspect.signature(function).parameters if one != "cluster"]
    if more or plain != name:
        taken = f"takes {', '.join(more)} beside the cluster" if more else "has parameters of pytest"
        raise UsageError(f"{local_code.short(plain)} {taken}, so only pytest can run it: pytest --chaos-replay FILE.")
    return TestCode(function=lambda cluster: function(cluster=cluster), setup=setup_of(function, plugins))


def setup_of(function: Any, plugins: Registry) -> Setup:
    """Return what the markers of a test function, of its class and of its module say of its cluster.

    Raises:
        UsageError: a marker has an argument that makes no sense.
    """
    arguments: dict[str, Any] = {}
    module = sys.modules.get(getattr(function, "__module__", ""))
    for bearer in (module, type(getattr(function, "__self__", None)), function):  # the closest has the last word
        marks = getattr(bearer, "pytestmark", [])
        for mark in marks if isinstance(marks, list | tuple) else [marks]:
            if mark.name == "chaoslab":
                arguments.update(mark.kwargs)
    return Setup.of(arguments, plugins)
