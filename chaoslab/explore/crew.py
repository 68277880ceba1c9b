"""Who runs a campaign from the command line: processes of this machine, or the workers of a Dask cluster.

Start a cluster with Dask's own commands, one thread a worker, with ChaosLab and the code under test installed there::

    dask scheduler
    dask worker tcp://HOST:8786 --nthreads 1

Any other executor can be given from Python: ``chaoslab.explore.campaign.campaign``.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from typing import Any, TypeVar

import attrs

from chaoslab.errors import UsageError
from chaoslab.explore.workers import let_go, local_executor

__all__ = ["Crew", "crew_for"]

T = TypeVar("T")
R = TypeVar("R")

_DASK = "dask://"
_PATIENCE = "10s"


@attrs.define(kw_only=True)
class Crew:
    """Who runs a campaign.

    Attributes:
        executor: To whom jobs are given.
        workers: How many it runs at once.
        broken: What it raises when a worker died.
        renew: Makes another executor then.
        close: What is left to do at the end.
        before: The executors before this one.
    """

    executor: Executor
    workers: int
    broken: tuple[type[BaseException], ...]
    renew: Callable[[], Executor]
    close: Callable[[], None] = lambda: None
    before: list[Executor] = attrs.field(factory=list)

    def renewed(self) -> Executor:
        """Return another executor for the one that is broken."""
        self.before.append(self.executor)
        self.executor = self.renew()
        return self.executor

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R | None]:
        """Yield what *function* returns for each of *items*, in their order; None where it ends its process, twice."""
        under_way = deque((item, self.executor.submit(function, item)) for item in items)
        while under_way:
            item, future = under_way.popleft()
            try:
                yield future.result()
            except self.broken:  # nobody knows by which of those that were under way: from here on one at a time
                left = [item, *(one for one, _ in under_way)]
                under_way.clear()
                self.renewed()
                for one in left:
                    yield self._alone(function, one)

    def _alone(self, function: Callable[[T], R], item: T) -> R | None:
        try:
            return self.executor.submit(function, item).result()
        except self.broken:
            self.renewed()
            return None

    def dismiss(self, *, wait: bool) -> None:
        """Let everybody go; with *wait* when what is under way is done."""
        for executor in (*self.before, self.executor):
            if isinstance(executor, ProcessPoolExecutor):
                let_go(executor, wait=wait)
            else:  # others, such as Dask's, may not know how to cancel what has not begun
                executor.shutdown(wait=wait)
        self.close()


def crew_for(words: str, processes: int | None, *, memory_max: int | None = None) -> Crew:
    """Return who *words* means: ``local`` or ``dask://HOST:PORT``.

    Args:
        words: What stands on the command line.
        processes: How many processes of this machine.
        memory_max: How many bytes each of them may take.

    Raises:
        UsageError: nobody is meant, Dask is not installed, or there is no cluster at that address.
    """
    if words.startswith(_DASK):
        return _dask_crew(words.removeprefix(_DASK))
    if words != "local":
        raise UsageError(f"{words!r} is no executor: it is local or dask://HOST:PORT.", key="--executor")
    executor = local_executor(processes, memory_max=memory_max)
    return Crew(
        executor=executor,
        workers=executor._max_workers,  # type: ignore[attr-defined]  # how many cores it found
        broken=(BrokenExecutor,),
        renew=lambda: local_executor(processes, memory_max=memory_max),
    )


def _dask_crew(address: str) -> Crew:
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise UsageError("Dask is not installed: pip install 'chaoslab[dask]'.", key="--executor") from None
    try:
        client = distributed.Client(f"tcp://{address}", timeout=_PATIENCE)
        client.wait_for_workers(1, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"no Dask cluster with a worker answers at {address}: {error}", key="--executor") from None
    workers = sum(client.nthreads().values())
    return Crew(
        executor=client.get_executor(),
        workers=workers,
        broken=(distributed.KilledWorker,),
        renew=client.get_executor,
        close=client.close,
    )
