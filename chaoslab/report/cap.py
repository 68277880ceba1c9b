"""What a system gives up under a partition: one line, a table, and the evidence."""

from __future__ import annotations

from typing import Any, Final

from chaoslab.explore.cap import Answer
from chaoslab.explore.cap_trial import APART, FAR, Side
from chaoslab.report.terminal import table

__all__ = ["cap_document", "cap_lines", "cap_sentence"]

_ROUND_TRIP_MS: Final = 2 * FAR.median_ns / 1e6
_ROUND_TRIP_APART_MS: Final = 2 * APART.median_ns / 1e6
_PHASES: Final = (("peace", "before"), ("cut", "partition"), ("after", "after the heal"), ("apart", "far apart"))
_JUDGED: Final = (
    ("cut", "with the partition"),
    ("peace", "without a partition"),
    ("apart", f"without a partition, {_ROUND_TRIP_APART_MS:.0f} ms apart"),
)
_SIDES: Final[tuple[Side, ...]] = ("larger", "smaller")


def cap_sentence(answer: Answer) -> str:
    """Return the answer in a sentence."""
    runs = len(answer.trials)
    smaller = f"{answer.share('cut', 'smaller'):.0%}"
    larger = f"{answer.share('cut', 'larger'):.0%}"
    served = f"{larger} of the operations on the larger side and {smaller} of those on the smaller succeeded meanwhile"
    given_up = {
        "CP": f"under a partition it keeps consistency and gives up availability: {answer.strongest} held in all "
        f"{runs} runs, and {served}",
        "AP": f"under a partition it stays available and gives up consistency: {answer.strongest} broke in "
        f"{len(answer.broken('cut'))} of {runs} runs, and {served}",
        "neither": f"under a partition it keeps neither: {answer.strongest} broke in {len(answer.broken('cut'))} of "
        f"{runs} runs, though only {served}",
        "unknown": _why_unknown(answer),
    }[answer.cap]
    return f"{answer.protocol} is {answer.cap}, {answer.pacelc}: {given_up}."


def _why_unknown(answer: Answer) -> str:
    if not answer.available("peace"):
        return "not even half of the operations succeeded without a partition, so there was nothing to give up"
    if answer.consistent_when_cut:
        return f"{answer.workload} found nothing wrong on either side of a partition: it does not look closely enough"
    return "whether it keeps consistency under a partition could not be decided"


def cap_lines(answer: Answer) -> list[str]:
    """Return the answer for people."""
    rows = [["", "side", "succeeded", "half took at most"]]
    for phase, words in _PHASES:
        for side in _SIDES:
            taken_ns = answer.latency_ns(phase, side)
            took = "-" if taken_ns is None else f"{taken_ns / 1e6:.1f} ms"
            rows.append([words, side, f"{answer.share(phase, side):.1%}", took])
    lines = [
        cap_sentence(answer),
        "",
        f"  {answer.nodes} nodes in two zones, {_ROUND_TRIP_MS:.0f} ms there and back between them; workload "
        f"{answer.workload}; {len(answer.trials)} seeds, each with a partition between the zones, without one, and "
        f"without one {_ROUND_TRIP_APART_MS:.0f} ms apart",
        "",
        *table(rows),
        "",
        _else_sentence(answer),
    ]
    for phase, words in _JUDGED:
        broken = answer.broken(phase)  # type: ignore[arg-type]
        if broken:
            first = broken[0]
            judged = getattr(first, phase)
            held = f"; {judged.strongest} still held" if judged.strongest else ""
            lines += ["", f"  {words}, seed {first.seed}: {judged.anomaly.rstrip('.')}{held}."]
    failed = [trial for trial in answer.trials if trial.error]
    if failed:
        lines += [
            "",
            f"  {len(failed)} runs ended in an error and do not count; seed {failed[0].seed}: {failed[0].error}",
        ]
    return lines


def _else_sentence(answer: Answer) -> str:
    near = f"on the slower side half of the operations took at most {_slower_ms(answer, 'peace'):.1f} ms"
    took = f"{near}, and {_slower_ms(answer, 'apart'):.1f} ms with the zones {_ROUND_TRIP_APART_MS:.0f} ms apart"
    if answer.consistent_in_peace is None:
        return "Without a partition: whether it is consistent could not be decided."
    if answer.consistent_in_peace:
        return f"Without a partition it stays consistent and pays with latency: {took}."
    runs = len(answer.trials)
    broken = (
        f"{answer.strongest} broke in {len(answer.broken('peace'))} of {runs} runs, and in "
        f"{len(answer.broken('apart'))} of {runs} with the zones far apart"
    )
    return f"Without a partition it saves latency and pays with consistency: {broken}; {took}."


def _slower_ms(answer: Answer, phase: str) -> float:
    taken = [answer.latency_ns(phase, side) for side in _SIDES]
    return max((ns for ns in taken if ns is not None), default=0) / 1e6


def cap_document(answer: Answer) -> dict[str, Any]:
    """Return the answer for machines; latencies in milliseconds."""
    return {
        "verdict": "unknown" if "unknown" in (answer.cap, answer.pacelc) else "valid",
        "checks": [],
        "name": answer.protocol,
        "cap": answer.cap,
        "pacelc": answer.pacelc,
        "summary": cap_sentence(answer),
        "workload": answer.workload,
        "nodes": answer.nodes,
        "level": answer.strongest,
        "phases": {
            phase: {
                side: {
                    "availability": answer.share(phase, side),
                    "p50_ms": None if (taken := answer.latency_ns(phase, side)) is None else taken / 1e6,
                }
                for side in _SIDES
            }
            for phase, _ in _PHASES
        },
        "trials": [
            {
                "seed": trial.seed,
                "error": trial.error or None,
                **{
                    phase: {"strongest": judged.strongest, "kept": judged.kept, "anomaly": judged.anomaly}
                    for phase, judged in (("peace", trial.peace), ("cut", trial.cut), ("apart", trial.apart))
                },
            }
            for trial in answer.trials
        ],
    }
