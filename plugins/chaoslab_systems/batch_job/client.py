"""A client of the master: asks for a job, and asks again while it hears nothing."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Complete
from chaoslab_systems.client_server import Client as ServerClient

__all__ = ["Client"]


class Client(ServerClient):
    """One client. Seconds after which it gives up: ``TIMEOUT_S``."""

    TIMEOUT_S = 10.0

    def completion(self, answer: Any, sender: str) -> Complete:
        return Complete("ok", answer, node=sender)
