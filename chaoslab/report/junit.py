"""A campaign as JUnit XML, which services for continuous integration show: a test case a scenario, one more a failure.

A check that was violated is a ``failure``, what could not be decided an ``error``; as is that nothing was run.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from xml.etree import ElementTree

from chaoslab.errors import UsageError
from chaoslab.report.campaign import Group, Tally, repeat_command

__all__ = ["confirm_writable", "junit_xml", "write_junit"]

_CONTROL = {code: "\ufffd" for code in range(32) if chr(code) not in "\t\n\r"}


def junit_xml(tally: Tally, scenarios: Sequence[str], *, elapsed_s: float, set_options: Sequence[str]) -> str:
    """Return the report of a campaign over *scenarios* as the text of an XML file."""
    suite = ElementTree.Element("testsuite", name="chaoslab fuzz", time=f"{elapsed_s:.3f}")
    failures = errors = 0
    for scenario in scenarios:
        groups = [(key, group) for key, group in tally.groups.items() if key[0] == scenario]
        if not groups:
            case = _case(suite, scenario, "holds")
            if not tally.runs:
                ElementTree.SubElement(case, "error", message="nothing was run")
                errors += 1
        for (_, check, anomaly), group in groups:
            case = _case(suite, scenario, f"{check}: {anomaly}" if anomaly else check)
            invalid = group.first.verdict == "invalid"
            failures, errors = failures + invalid, errors + (not invalid)
            _failure(case, "failure" if invalid else "error", check, tally, group, set_options)
    for scenario, probe in tally.never:
        case = _case(suite, scenario, f"sometimes: {probe}")
        ElementTree.SubElement(case, "error", type="sometimes", message=f"the probe {probe} was never passed")
        errors += 1
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, scenario: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_plain(scenario), name=_plain(name))


def _failure(
    case: ElementTree.Element, tag: str, check: str, tally: Tally, group: Group, set_options: Sequence[str]
) -> None:
    summary = _plain(group.first.findings[0].summary)
    told = ElementTree.SubElement(case, tag, type=check, message=summary)
    seeds = ", ".join(map(str, group.seeds[:20])) + (", ..." if len(group.seeds) > 20 else "")
    told.text = _plain(f"{summary}\nseeds: {seeds}\nrepeat with: {repeat_command(tally, group, set_options)}\n")


def _plain(text: str) -> str:
    """Return *text* without the characters that XML cannot hold."""
    return text.translate(_CONTROL)


def write_junit(path: Path, text: str) -> None:
    """Write the report to *path*: all of it, or what was there before stays.

    Raises:
        UsageError: it cannot be written.
    """
    with _written_beside(path) as beside:
        beside.write_text(text, encoding="utf-8")
        if beside != path:
            beside.replace(path)


def confirm_writable(path: Path) -> None:
    """Refuse a *path* that cannot be written to, and leave what is there as it is.

    Raises:
        UsageError: it cannot be written.
    """
    with _written_beside(path) as beside:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if beside != path:
            beside.touch()


@contextmanager
def _written_beside(path: Path) -> Iterator[Path]:
    """Yield the file to write instead of *path*, or *path* itself where that is no file, such as a pipe."""
    beside = path if path.exists() and not path.is_file() else path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield beside
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=path) from None
    finally:
        if beside != path:
            with suppress(OSError):
                beside.unlink()
