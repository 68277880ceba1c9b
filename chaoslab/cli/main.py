"""The command ``chaoslab``: its verbs, and what becomes of errors.

Exit codes: 0 valid, 1 invalid, 2 unknown, 254 wrong arguments or input, 255 internal error, 130 stopped by Ctrl-C.

Rules:

1. With ``--json``, standard output is one JSON document and nothing else, also when something goes wrong.
2. Wrong input is one sentence and never a traceback. CHAOSLAB_DEBUG=1 shows the traceback of anything.
3. An error of the code under test is told with its own traceback: it is what the person is looking for.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from chaoslab import __version__
from chaoslab.cli import check, corpus, fuzz, list_items, mutants, replay, run, schema, shrink
from chaoslab.cli.output import (
    CODES,
    INTERNAL,
    INTERRUPTED,
    USAGE,
    complain,
    print_json,
    print_lines,
)
from chaoslab.errors import ChaosLabError, NodeError, UsageError
from chaoslab.explore.outcome import FINDINGS

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
            "say what to do: run, check, fuzz, replay, shrink, corpus, mutants, list or schema; --help says more."
        )


app.command("run")(run.run)
app.command("check")(check.check)
app.command("fuzz")(fuzz.fuzz)
app.command("replay")(replay.replay)
app.command("shrink")(shrink.shrink_recording)
app.command("mutants")(mutants.mutants)
app.add_typer(corpus.corpus, name="corpus")
app.command("list")(list_items.list_items)
app.command("schema")(schema.schema)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except UsageError as error:
        return _refused(str(error), as_json=as_json, file=error.file, line=error.line, key=error.key)
    except ChaosLabError as error:
        return _told(error, as_json=as_json) if type(error) in FINDINGS else _internal(error, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        complain("stopped.")
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the latter is how Click tells of the former
        # Whoever read our output has seen enough (such as ``| head``). Nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # Typer brings its own copy of Click's exceptions in newer versions; both kinds have this method.
        words = getattr(error, "format_message", None)
        if words is None:
            return _internal(error, as_json=as_json)
        return _refused(words(), as_json=as_json)


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
        if own_traceback:
            sys.stdout.write(own_traceback + "\n")
        seed_words = "" if seed is None else f" (seed {seed})"
        sys.stdout.write(f"{outcome.upper()}{seed_words}: {error}\n")
        repeat = getattr(error, "repeat", None)
        if repeat:
            sys.stdout.write(f"repeat with: {repeat}\n")
    return CODES[outcome]


def _frames_of_the_node(cause: BaseException) -> list[str]:
    """Return the traceback of *cause* without the frames of ChaosLab and Trio around the node's own code."""
    told = traceback.TracebackException.from_exception(cause)
    own = [frame for frame in told.stack if not _is_ours(frame.filename)]
    if own:
        told.stack = traceback.StackSummary.from_list(own)
    return list(told.format())


def _is_ours(file: str) -> bool:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH120, PTH100
    return file.startswith(package + os.sep) or f"{os.sep}trio{os.sep}" in file


def _internal(error: BaseException, *, as_json: bool) -> int:
    _debug()
    message = f"internal error: {type(error).__name__}: {error} (CHAOSLAB_DEBUG=1 shows where; please report it)"
    complain(message)
    if as_json:
        print_json({"verdict": "unknown", "checks": [], "error": {"message": message}})
    return INTERNAL


if __name__ == "__main__":
    main()
