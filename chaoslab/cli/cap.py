"""``chaoslab cap``: what a system gives up under a partition, by experiment."""

from __future__ import annotations

from typing import Annotated

import typer

from chaoslab.cli.output import CODES, complain, print_json, print_lines, progress
from chaoslab.explore.cap import SEEDS, Answer, experiment
from chaoslab.explore.workers import let_go, local_executor
from chaoslab.report.cap import cap_document, cap_lines

__all__ = ["cap"]


def cap(
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL", help="A protocol or system.")],
    workload: Annotated[str | None, typer.Option(help="Under which of its workloads; its first if not given.")] = None,
    nodes: Annotated[int | None, typer.Option(min=2, help="How many nodes; as usual for it if not given.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = SEEDS,
    seed: Annotated[int, typer.Option(min=0, help="The first of them.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many processes; one a core if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Measure what a system gives up under a partition, and what it pays without one.

    Nothing that the protocol claims is read. The exit code is 2 if the question could not be decided.
    """
    executor = local_executor(jobs)
    answer: Answer | None = None
    try:
        with progress("seeds", seeds) as advance:
            for told in experiment(protocol, executor, workload=workload, nodes=nodes, seeds=seeds, first=seed):
                if isinstance(told, Answer):
                    answer = told
                else:
                    advance(1)
    except KeyboardInterrupt:
        let_go(executor, wait=False)
        complain("stopped: nothing is told of an experiment that did not end.")
        raise
    let_go(executor, wait=True)
    assert answer is not None, "an experiment ends with its answer"
    document = cap_document(answer)
    if json:
        print_json(document)
    else:
        print_lines(cap_lines(answer))
    raise typer.Exit(CODES[document["verdict"]])
