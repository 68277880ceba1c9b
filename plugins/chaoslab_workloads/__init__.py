"""Workloads: what clients do, and the model that says what they may see."""

from chaoslab.cluster import Workload
from chaoslab.plugins import hookimpl
from chaoslab_workloads.converging import CONVERGING_COUNTER, CONVERGING_REGISTER, CONVERGING_SET
from chaoslab_workloads.logs import LOG, QUEUE
from chaoslab_workloads.registers import CAS_REGISTER, KV, REGISTER

__all__ = ["chaoslab_workloads"]


@hookimpl
def chaoslab_workloads() -> list[Workload]:
    """Return the workloads of this package."""
    return [REGISTER, CAS_REGISTER, KV, CONVERGING_REGISTER, CONVERGING_COUNTER, CONVERGING_SET, LOG, QUEUE]
