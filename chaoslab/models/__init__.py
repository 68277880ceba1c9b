"""Sequential specifications, one a file. Knows histories' values and nothing of checkers."""

from chaoslab.models.cas_register import CAS_REGISTER
from chaoslab.models.kv import KV, kv_starting_as
from chaoslab.models.model import ILLEGAL, Model
from chaoslab.models.register import REGISTER

__all__ = ["ILLEGAL", "MODELS", "Model", "kv_starting_as"]

MODELS = {model.name: model for model in (REGISTER, CAS_REGISTER, KV)}
"""The models that ChaosLab brings itself, by name."""
