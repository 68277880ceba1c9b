"""Workloads: what clients do, and the model that says what they may see."""

from chaoslab.cluster import Workload
from chaoslab.models import Model
from chaoslab.plugins import hookimpl
from chaoslab_workloads.converging import CONVERGING_COUNTER, CONVERGING_REGISTER, CONVERGING_SET
from chaoslab_workloads.locks import LOCK, LOCKED_COUNTER
from chaoslab_workloads.logs import LOG, QUEUE
from chaoslab_workloads.memberships import MEMBERSHIP, VIEWS
from chaoslab_workloads.registers import CAS_REGISTER, KV, REGISTER
from chaoslab_workloads.rings import PLACES, RING
from chaoslab_workloads.siblings import SIBLINGS
from chaoslab_workloads.texts import CONVERGING_TEXT, TEXT
from chaoslab_workloads.transactions import BANK, LIST_APPEND

__all__ = ["chaoslab_models", "chaoslab_workloads"]


@hookimpl
def chaoslab_workloads() -> list[Workload]:
    """Return the workloads of this package."""
    return [
        REGISTER,
        CAS_REGISTER,
        KV,
        CONVERGING_REGISTER,
        CONVERGING_COUNTER,
        CONVERGING_SET,
        LOCK,
        LIST_APPEND,
        BANK,
        SIBLINGS,
        MEMBERSHIP,
        CONVERGING_TEXT,
        RING,
        LOG,
        QUEUE,
    ]


@hookimpl
def chaoslab_models() -> list[Model]:
    """Return the models of this package's workloads that ChaosLab does not have itself."""
    return [LOCKED_COUNTER, PLACES, TEXT, VIEWS]
