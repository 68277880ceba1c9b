"""The command ``chaoslab``: its verbs, and what becomes of errors.

Exit codes: 0 valid, 1 invalid, 2 unknown, 254 wrong arguments or input, 255 internal error, 130 stopped by a signal.

Rules:

1. With ``--json``, standard output is one JSON document and nothing else, also when something goes wrong.
2. Wrong input is one sentence and never a traceback. CHAOSLAB_DEBUG=1 shows the traceback of anything.
3. An error of the code under test is told with its own traceback: it is what the person is looking for.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from chaoslab import __version__
from chaoslab.cli import (
    cap,
    check,
    compare,
    corpus,
    diff,
    doctor,
    fuzz,
    init,
    list_items,
    mutants,
    replay,
    report,
    run,
    schema,
    shrink,
    sla,
)
from chaoslab.cli.output import (
    CODES,
    INTERNAL,
    INTERRUPTED,
    USAGE,
    complain,
    has_printed,
    print_json,
    print_lines,
    ready,
)
from chaoslab.errors import ChaosLabError, NodeError, UsageError
from chaoslab.explore.outcome import FINDINGS
from chaoslab.own_code import without_machinery

__all__ = ["app", "main"]

app = typer.Typer(
    name="chaoslab",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def chaoslab(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    """Run a replicated system on a simulated cluster, break it on purpose, and learn what its clients saw."""
    if version:
        print_lines([f"chaoslab {__version__}"])
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise UsageError(
            "say what to do: run, check, sla, cap, compare, fuzz, replay, shrink, diff, report, doctor, init, corpus, "
            "mutants, list or schema; --help says more."
        )


app.command("run")(run.run)
app.command("check")(check.check)
app.command("fuzz", short_help="Run many seeds and keep what fails.")(fuzz.fuzz)
app.command("replay")(replay.replay)
app.command("diff", short_help="Show where two runs part, and what decides.")(diff.diff)
app.command("shrink", short_help="Make a failing run small.")(shrink.shrink_recording)
app.command("sla", short_help="Measure the service levels of a history.")(sla.sla)
app.command("cap", short_help="Measure what a system gives up under a partition.")(cap.cap)
app.command("compare", short_help="Show scenarios side by side.")(compare.compare)
app.command("report", short_help="Make a page of a run.")(report.report)
app.command("doctor", short_help="Look for what is not deterministic.")(doctor.doctor)
app.command("init", short_help="Make a small project to begin with.")(init.init)
app.command("mutants", short_help="Hunt planted mistakes.")(mutants.mutants)
app.add_typer(corpus.corpus, name="corpus")
app.command("list")(list_items.list_items)
app.command("schema", short_help="Print the schema of scenario files.")(schema.schema)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in arguments
    _let_sigterm_stop()
    with ready(as_json=as_json):
        code = _exit_code(arguments, as_json=as_json)
    sys.exit(code)


def _let_sigterm_stop() -> None:
    """Let SIGTERM, by which CI services stop what runs too long, do what Ctrl-C does: what was found is told."""
    if threading.current_thread() is threading.main_thread():
        ctrl_c = signal.getsignal(signal.SIGINT)
        if ctrl_c is signal.default_int_handler:
            signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        elif ctrl_c == signal.SIG_IGN:  # as that of what a shell runs in the background
            signal.signal(signal.SIGTERM, signal.default_int_handler)


def _exit_code(arguments: list[str], *, as_json: bool) -> int:
    try:
        code = app(arguments, standalone_mode=False)
        if code == INTERRUPTED and not has_printed():  # so Typer tells of Ctrl-C; a verb that goes on has printed
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except UsageError as error:
        return _refused(str(error), as_json=as_json, file=error.file, line=error.line, key=error.key)
    except ChaosLabError as error:
        return _told(error, as_json=as_json) if type(error) in FINDINGS else _internal(error, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        complain("stopped.")
        if as_json:
            print_json({"verdict": "unknown", "checks": [], "error": {"message": "stopped."}})
        return INTERRUPTED
    except SystemExit as error:
        # Click ends like this when the reader of its help has gone. Anything else must not look like a verdict.
        return 0 if isinstance(error.__context__, BrokenPipeError) else _internal(error, as_json=as_json)
    except Exception as error:
        # Typer brings its own copy of Click's exceptions in newer versions; both kinds have this method.
        words = getattr(error, "format_message", None)
        if words is None:
            return _internal(error, as_json=as_json)
        return _refused(_plainly(words()), as_json=as_json)


def _plainly(words: str) -> str:
    """Return a complaint of the parser of options without the words of its own validator."""
    for validator, plain in _PLAIN_WORDS:
        words = re.sub(validator, plain, words)
    return words


_PLAIN_WORDS = (
    (r"(Input should be a valid|Unable to parse input string as an) integer.*", "it is not a whole number."),
    (r"Input should be a valid number.*", "it is not a number."),
    (r"Input should be greater than or equal to (\S+)", r"it must be at least \1."),
    # What versions of Typer say that have no validator:
    (r"'[^']*' is not a valid integer( range)?\.", "it is not a whole number."),
    (r"'[^']*' is not a valid float( range)?\.", "it is not a number."),
    (r"\S+ is not in the range x>=(\S+?)\.$", r"it must be at least \1."),
)


def _debug() -> None:
    if os.environ.get("CHAOSLAB_DEBUG"):
        traceback.print_exc()


def _refused(message: str, *, as_json: bool, **place: Any) -> int:
    _debug()
    complain(message)
    if as_json:
        print_json({"verdict": "unknown", "checks": [], "error": {"message": message, **place}})
    return USAGE


def _told(error: ChaosLabError, *, as_json: bool) -> int:
    """Tell what ended the run, which is a finding about the code under test."""
    name, outcome = FINDINGS[type(error)]
    seed = getattr(error, "seed", None)
    own_traceback = ""
    if isinstance(error, NodeError) and error.__cause__ is not None:
        own_traceback = "".join(_frames_of_the_node(error.__cause__))
    _debug()
    if as_json:
        check = {"name": name, "level": None, "verdict": outcome, "summary": str(error), "anomaly": None}
        print_json({"verdict": outcome, "seed": seed, "checks": [check], "traceback": own_traceback or None})
    else:
        seed_words = "" if seed is None else f" (seed {seed})"
        repeat = getattr(error, "repeat", None)
        lines = [own_traceback] if own_traceback else []
        lines += [f"{outcome.upper()}{seed_words}: {error}", *([f"repeat with: {repeat}"] if repeat else [])]
        print_lines(lines)
    return CODES[outcome]


def _frames_of_the_node(cause: BaseException) -> list[str]:
    """Return the traceback of *cause* without the frames of ChaosLab and Trio around the node's own code."""
    told = traceback.TracebackException.from_exception(cause)
    without_machinery(told)
    return list(told.format())


def _internal(error: BaseException, *, as_json: bool) -> int:
    _debug()
    message = f"internal error: {type(error).__name__}: {error} (CHAOSLAB_DEBUG=1 shows where; please report it)"
    complain(message)
    if as_json:
        print_json({"verdict": "unknown", "checks": [], "error": {"message": message}})
    return INTERNAL


if __name__ == "__main__":
    main()
