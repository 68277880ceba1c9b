"""Workloads on registers and on a map of keys: read, write, compare and set, put, append, get.

Every written value is unique in its run unless a parameter says otherwise: a read then names the write that it saw.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_workloads.last_reads import read_all

__all__ = ["CAS_REGISTER", "KV", "REGISTER", "RegisterParameters", "reads_and_writes"]


@attrs.frozen(kw_only=True)
class RegisterParameters:
    """Parameters of workloads that read and write registers."""

    reads: float = parameter(RATIO, "The share of operations that are reads.", default=0.5)


@attrs.frozen(kw_only=True)
class CasParameters:
    """Parameters of the cas-register workload."""

    reads: float = parameter(RATIO, "The share of operations that are reads.", default=0.4)
    writes: float = parameter(RATIO, "The share of operations that are writes; the rest compare and set.", default=0.3)
    values: int = parameter(COUNT, "How many different values are written.", default=5)


@attrs.frozen(kw_only=True)
class KvParameters:
    """Parameters of the kv workload."""

    gets: float = parameter(RATIO, "The share of operations that are gets.", default=0.5)
    appends: float = parameter(RATIO, "The share of operations that are appends; the rest are puts.", default=0.0)


def reads_and_writes(view: ClientView) -> Iterator[Invocation]:
    """Yield reads, and writes of unique values."""
    parameters: RegisterParameters = view.parameters or RegisterParameters()
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=key)
        else:
            yield Invocation(f="write", key=key, value=view.unique())


def _cas_register(view: ClientView) -> Iterator[Invocation]:
    parameters: CasParameters = view.parameters or CasParameters()
    while True:
        key = view.random.pick(view.keys)
        kind = view.random.random()
        if kind < parameters.reads:
            yield Invocation(f="read", key=key)
        elif kind < parameters.reads + parameters.writes:
            yield Invocation(f="write", key=key, value=view.random.below(parameters.values))
        else:
            # Few values on purpose: a compare-and-set of a unique value would hardly ever take place.
            old, new = view.random.below(parameters.values), view.random.below(parameters.values)
            yield Invocation(f="cas", key=key, value=(old, new))


def _kv(view: ClientView) -> Iterator[Invocation]:
    parameters: KvParameters = view.parameters or KvParameters()
    while True:
        key = view.random.pick(view.keys)
        kind = view.random.random()
        if kind < parameters.gets:
            yield Invocation(f="get", key=key)
        elif kind < parameters.gets + parameters.appends:
            yield Invocation(f="append", key=key, value=f"{view.unique()} ")
        else:
            number = view.unique()
            yield Invocation(f="put", key=key, value=f"{number} " if parameters.appends else number)


def _get_all(view: ClientView) -> Iterator[Invocation]:
    return (Invocation(f="get", key=key) for key in view.keys)


REGISTER = Workload(
    name="register",
    summary="reads and writes of unique values, one register a key",
    model="register",
    operations=reads_and_writes,
    last=read_all,
    parameters=RegisterParameters,
)

CAS_REGISTER = Workload(
    name="cas-register",
    summary="reads, writes and compare-and-sets of a few values, one register a key",
    model="cas-register",
    operations=_cas_register,
    last=read_all,
    parameters=CasParameters,
)

KV = Workload(
    name="kv",
    summary="gets and puts of unique values (and appends, if asked for) on a map of keys",
    model="kv",
    operations=_kv,
    last=_get_all,
    parameters=KvParameters,
)
