"""A batch job: a master hands tasks out to workers, and adds up what they come to.

Dean & Ghemawat, "MapReduce: Simplified data processing on large clusters" (OSDI 2004): workers that do not answer lose
their tasks to others (section 3.3); and a task that takes long is given to a second worker as well, a backup task, and
whoever is first counts (section 3.6).

So a task may be done more than once, and must count once. The master's is the only memory of a job: clients ask again
when it has lost it. What this does not know is where the data of a task are.
"""

from __future__ import annotations

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Context
from chaoslab_systems.batch_job.client import Client
from chaoslab_systems.batch_job.jobs import JOBS, TOTALS
from chaoslab_systems.batch_job.master import MASTER, Master
from chaoslab_systems.batch_job.settings import Settings
from chaoslab_systems.batch_job.worker import WORKER, Worker

__all__ = ["MODELS", "PROTOCOLS", "WORKLOADS", "node"]


def node(context: Context) -> Master | Worker:
    """Return the part that the node called ``context.name`` plays: the first one is the master."""
    return Master(context) if context.name == context.nodes[0] else Worker(context)


PROTOCOLS = (
    Protocol(
        name="batch-job",
        summary="a master and its workers: tasks that take long are given out twice, and each counts once",
        replica=node,
        client=Client,
        serves=("jobs",),
        claims=(),  # no level of consistency: what it promises is checked by the workload
        budget=Budget(down="all"),
        roles=(MASTER, WORKER),
        nodes=5,
        nodes_min=2,
        settings=Settings,
    ),
)
WORKLOADS = (JOBS,)
MODELS = (TOTALS,)
