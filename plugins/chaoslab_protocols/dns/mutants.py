"""Domain name systems with one mistake each."""

from __future__ import annotations

from chaoslab_protocols.dns.authority import Primary
from chaoslab_protocols.dns.messages import Plan
from chaoslab_protocols.dns.server import Client, Server
from chaoslab_protocols.planting import Planting

__all__ = ["MUTANTS"]

PLANTED = Planting(protocol="dns", client=Client)


class TrustsEnactors(Primary):
    def is_news(self, plan: Plan) -> bool:
        return True


@PLANTED.mutant(
    "N5",
    "only the enactor looks whether its plan is news, before it begins: a slow one sets an older plan over a newer, "
    "and the cleanup of the other deletes that",
    source="Amazon Web Services, summary of the DynamoDB service disruption in us-east-1, October 2025",
    scenario="dns/slow_enactors",
    check="staleness",
)
class LooksOnce(Server):
    primary_class = TrustsEnactors


MUTANTS = PLANTED.all()
