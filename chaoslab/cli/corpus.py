"""``chaoslab corpus``: look at what campaigns have found, take a failure out as a scenario, forget what is fixed."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from chaoslab import local_code
from chaoslab.cli.output import print_json, print_lines
from chaoslab.errors import UsageError
from chaoslab.explore.corpus import Corpus
from chaoslab.explore.failures import Entry, perhaps_again
from chaoslab.explore.findings import read_findings
from chaoslab.explore.recording import recording_with_code_named
from chaoslab.report.terminal import table
from chaoslab.scenario.files import text_placed_in
from chaoslab.units import counted

__all__ = ["corpus"]

corpus = typer.Typer(help="Look at what campaigns have found.", add_completion=False, rich_markup_mode=None)

FILE = Annotated[Path, typer.Argument(metavar="FILE", help="The corpus of some campaigns.")]
NUMBER = Annotated[int, typer.Argument(metavar="NUMBER", help="The failure's number, as in the list.")]
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def _opened(file: Path) -> Corpus:
    if not file.is_file():
        raise UsageError("there is no such corpus: chaoslab fuzz --corpus makes one.", file=file)
    return Corpus(file)


@corpus.command("list")
def list_entries(file: FILE, json: JSON = False) -> None:
    """List every kind of failure."""
    entries = _opened(file).entries()
    if json:
        print_json({"items": [_document(entry, entries) for entry in entries]})
    elif not entries:
        print_lines(["nothing was found yet"])
    else:
        rows = [["", "state", "seen", "protocol", "check", "anomaly", "shape", "smallest", ""]]
        for entry in entries:
            named, again = entry.signature, perhaps_again(entry, entries)
            words = (_from_here(named.protocol), named.check, named.anomaly, named.shape, entry.size)
            rows.append(
                [str(entry.id), entry.state, str(entry.seen), *words, f"perhaps {again.id} again" if again else ""]
            )
        print_lines(table(rows, indent=""))


@corpus.command("show")
def show(file: FILE, number: NUMBER, json: JSON = False) -> None:
    """Show one failure: what went wrong, and the smallest scenario that shows it."""
    kept = _opened(file)
    entry, entries = kept.entry(number), kept.entries()
    named, again = entry.signature, perhaps_again(entry, entries)
    if json:
        print_json({**_document(entry, entries), "shrunk": text_placed_in(Path(), entry.shrunk) or None})
        return
    print_lines(
        [
            f"{_from_here(named.protocol)}: {named.check}: {named.anomaly or entry.verdict}",
            f"  {entry.summary}",
            f"  {entry.state}, seen {counted(entry.seen, 'time')}, first with seed {entry.seed} of {entry.scenario}",
            *([f"  perhaps failure {again.id} again, which takes less: {again.signature.shape}"] if again else []),
            "",
            *(text_placed_in(Path(), entry.shrunk).splitlines() or ["no smaller scenario was made of it"]),
            "",
            _what_next(file, entry),
        ]
    )


def _what_next(file: Path, entry: Entry) -> str:
    """Say how to go on with *entry*."""
    if entry.shrunk or entry.recording:
        return f"take it out with: {shlex.join(['chaoslab', 'corpus', 'export', str(file), str(entry.id)])}"
    again = shlex.join(["chaoslab", "run", entry.scenario, "--seed", str(entry.seed)])
    return f"nothing was recorded of its run, which did not end; repeat with: {again}"


@corpus.command("export")
def export(
    file: FILE,
    number: NUMBER,
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Write one failure to a file: its smallest scenario, or the recording where there is none."""
    entry = _opened(file).entry(number)
    ending = "toml" if entry.shrunk else "recording.json"
    if not entry.shrunk and not entry.recording:
        raise UsageError(f"nothing was recorded of failure {number}: there is only its seed, {entry.seed}.")
    named = entry.signature
    out = out or Path(
        f"{local_code.short(named.protocol).rpartition(':')[2]}-{named.anomaly or named.check}.{ending}".replace(
            " ", "-"
        )
    )
    if entry.shrunk:
        text = text_placed_in(out.parent, entry.shrunk)
    else:
        text = recording_with_code_named(entry.recording, functools.partial(local_code.named_in, out.parent))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=out) from None
    verb = "run" if entry.shrunk else "replay"
    print_lines([f"written to {out}", f"repeat with: {shlex.join(['chaoslab', verb, str(out)])}"])


@corpus.command("add")
def add(
    file: FILE,
    findings: Annotated[Path, typer.Argument(metavar="FINDINGS", help="What a campaign could not put into a corpus.")],
) -> None:
    """Take in what a campaign wrote beside its corpus when that could not be written."""
    outcomes = read_findings(findings)
    kept = Corpus(file)
    new = sum(kept.add(outcome) for outcome in outcomes)
    print_lines([f"{counted(len(outcomes), 'failure')} taken in, {new} of them of a new kind"])


@corpus.command("prune")
def prune(file: FILE) -> None:
    """Forget the failures that are fixed."""
    print_lines([f"{_opened(file).prune()} removed"])


def _from_here(name: str) -> str:
    """Return the name of local code as somebody in the current folder says it: the same in every checkout."""
    return local_code.named_in(Path(), name)


def _document(entry: Entry, entries: Iterable[Entry]) -> dict[str, Any]:
    named, again = entry.signature, perhaps_again(entry, entries)
    return {
        "name": f"{_from_here(named.protocol)}: {named.check}: {named.anomaly or entry.verdict}",
        "number": entry.id,
        "protocol": _from_here(named.protocol),
        "check": named.check,
        "anomaly": named.anomaly or None,
        "shape": named.shape or None,
        "perhaps": again.id if again else None,
        "state": entry.state,
        "seen": entry.seen,
        "scenario": entry.scenario,
        "seed": entry.seed,
        "verdict": entry.verdict,
        "summary": entry.summary,
        "size": entry.size or None,
    }
