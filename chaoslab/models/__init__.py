"""Sequential specifications, one a file. Knows histories' values and nothing of checkers."""

from chaoslab.models.bank import BANK, bank_starting_as
from chaoslab.models.cas_register import CAS_REGISTER
from chaoslab.models.counter import COUNTER
from chaoslab.models.kv import KV, kv_starting_as
from chaoslab.models.log import LOG
from chaoslab.models.model import ILLEGAL, UNKNOWN, Model
from chaoslab.models.mutex import MUTEX
from chaoslab.models.priority_queue import PRIORITY_QUEUE
from chaoslab.models.queue import QUEUE
from chaoslab.models.register import REGISTER
from chaoslab.models.set import SET
from chaoslab.models.siblings import SIBLINGS
from chaoslab.models.stack import STACK
from chaoslab.models.transactions import LIST_APPEND, RW_REGISTER, TRANSACTIONAL

__all__ = [
    "ILLEGAL",
    "MODELS",
    "TRANSACTIONAL",
    "UNKNOWN",
    "Model",
    "bank_starting_as",
    "kv_starting_as",
]

MODELS = {
    model.name: model
    for model in (
        REGISTER,
        CAS_REGISTER,
        KV,
        SET,
        QUEUE,
        STACK,
        PRIORITY_QUEUE,
        COUNTER,
        SIBLINGS,
        MUTEX,
        LOG,
        BANK,
        LIST_APPEND,
        RW_REGISTER,
    )
}
"""The models that ChaosLab brings itself, by name; where several know the same operations, the plainer comes first."""
