"""Workers of a dask cluster that is already there: the same calls, the same results, elsewhere."""

from __future__ import annotations

import logging
import multiprocessing
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from reports.records.identity import differences, identity
from reports.records.processes import Processes
from reports.records.workers import Call, WorkersError

_CONNECT = 5.0  # seconds for the scheduler to answer
_JOIN = 300.0  # seconds for a first worker to be there: a batch system starts them when it likes
_AHEAD = 3  # calls sent for each thread of the cluster: one that runs, one on its way, one result on its way back
# calls of one shape travel together up to so many, and up to a weight below which no worker is kept waiting by it
_TOGETHER, _LIGHT = 16, 1.0
_names = count()


class ClusterError(WorkersError):
    """A cluster that cannot be used: its address, what is wrong, what to do. Nothing has been sent to it."""


@dataclass(frozen=True)
class _Refused:
    """What a worker of another version says instead of a result."""

    address: str
    why: str


class Cluster:
    """The workers of a scheduler, as a context.

    own: MODULE:NAMEs of a user's that the calls take; told: who hears of a worker that is refused on the way.

    Raises:
        ClusterError: dask is not installed, nobody answers at the address, or a worker has other versions than we.
    """

    def __init__(self, address: str, own: Sequence[str] = (), told: Callable[[str], None] = lambda line: None) -> None:
        try:
            from distributed import Client, Security
        except ImportError:
            raise ClusterError(
                f"--scheduler {address}: needs dask; pip install 'meta-fedavg-bounds[cluster]'"
            ) from None
        for name in ("distributed", "distributed.client", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what it logs is said here in one line
        self.address, self._own, self._told = address, tuple(sorted(own)), told
        self._here = identity(self._own)
        self._refused: set[str] = set()
        self._staffed = True
        if address.startswith(("tls:", "wss:")) and Security().tls_ca_file is None:
            where = "distributed.comm.tls of dask's configuration, or DASK_DISTRIBUTED__COMM__TLS__CA_FILE, names none"
            raise ClusterError(f"--scheduler {address}: needs certificates, and {where}")
        try:
            self._client: Any = Client(address, timeout=_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            why = " ".join(str(error).split())[:200] or type(error).__name__
            raise ClusterError(f"--scheduler {address}: nobody answers there: {why}") from None
        try:
            self._check()
        except BaseException:
            self._client.close(timeout=1)
            raise

    def _check(self) -> None:
        try:
            if not self._client.nthreads():
                self._told(f"--scheduler {self.address}: waiting for a first worker to join")
            self._client.wait_for_workers(1, timeout=_JOIN)
        except TimeoutError:
            start = f"start some with: dask worker {self.address} --nthreads 1"
            raise ClusterError(f"--scheduler {self.address}: it has no workers; {start}") from None
        answers = self._client.run(identity, self._own, on_error="return")
        for worker, answer in sorted(answers.items()):
            why = differences(self._here, answer) if isinstance(answer, Mapping) else f"{answer!r}"[:200]
            if why:
                raise ClusterError(f"--scheduler {self.address}: worker {worker} cannot take part: {why}")

    def __enter__(self) -> Cluster:
        """The cluster itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it; what it still computes for us is cancelled."""
        self._client.close(timeout=1)

    def run(self, calls: Iterable[Call]) -> Iterator[tuple[int, Any]]:
        """Calls are sent now; one that raises ends the iteration with what it raised."""
        run = _Run(self, iter(enumerate(calls)))
        run.send()
        return run.results()

    @property
    def window(self) -> int:
        """How many calls are out at once: the cluster may grow and shrink."""
        return max(4, _AHEAD * sum(self._client.nthreads().values()))

    def submit(self, calls: Sequence[Call]) -> Any:
        """A future of the results of calls, which no refused worker gets."""
        there = [one for one in self._client.nthreads() if one not in self._refused] if self._refused else None
        if there == []:
            raise ClusterError(f"--scheduler {self.address}: all its workers are of another version; stopped")
        return self._client.submit(
            _checked, self._here, self._own, list(calls),
            key=f"{calls[0].function.__name__}-{self._client.id}-{next(_names)}", pure=False, workers=there,
        )  # fmt: skip

    def refuse(self, refused: _Refused) -> None:
        """Send nothing more to a worker that joined with another version."""
        if refused.address not in self._refused:
            self._refused.add(refused.address)
            self._told(f"worker {refused.address} is of another version and gets nothing: {refused.why}")

    def gathered(self, futures: Sequence[Any]) -> dict[str, Any]:
        """The results of futures that have finished, by key; none where they were lost on the way here.

        Raises ClusterError when the scheduler is gone.
        """
        from distributed import CancelledError  # type: ignore[attr-defined]

        try:
            return dict(zip([one.key for one in futures], self._client.gather(futures), strict=True))
        except (CancelledError, OSError, TimeoutError):
            if not self.alive():
                raise self.gone() from None
            return {}

    def look_after_workers(self) -> None:
        """Say it, once each time, when the last worker has left: it may be that a batch system starts others."""
        left = bool(self._client.nthreads())
        if self._staffed and not left:
            self._told(f"--scheduler {self.address}: no worker is left; waiting for one to join")
        self._staffed = left

    def alive(self) -> bool:
        """Whether the scheduler is there."""
        return self._client.status == "running"

    def gone(self) -> ClusterError:
        """What is said when it is not."""
        return ClusterError(
            f"--scheduler {self.address}: the scheduler is gone; what is done is kept, and the same command goes on"
        )


class _Run:
    """The calls that one `run` was given: those that are out, in batches, and those to be sent again, each alone."""

    def __init__(self, cluster: Cluster, calls: Iterator[tuple[int, Call]]) -> None:
        self.cluster, self.calls = cluster, calls
        self.out: dict[str, tuple[list[tuple[int, Call]], Any]] = {}
        self.ahead: tuple[int, Call] | None = None
        self.again: deque[tuple[int, Call]] = deque()
        self.ended: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def send(self) -> None:
        room = self.cluster.window - len(self.out)
        while room > 0 and (batch := self._batch()):
            future = self.cluster.submit([call for _, call in batch])
            self.out[future.key] = (batch, future)
            future.add_done_callback(self.ended.put)
            room -= 1

    def _batch(self) -> list[tuple[int, Call]]:
        """The next calls that travel together: light ones of one shape, or one alone; none at the end."""
        if self.again:
            return [self.again.popleft()]
        batch: list[tuple[int, Call]] = []
        while (one := self.ahead or next(self.calls, None)) is not None:
            self.ahead = one
            if batch and not _together([*batch, one]):
                break
            batch.append(one)
            self.ahead = None
        return batch

    def results(self) -> Iterator[tuple[int, Any]]:
        from distributed.scheduler import KilledWorker

        while self.out:
            done = self._some()
            ended = {future.key: future.status for future in done}  # once: a result is lost whenever its worker dies
            if not {"finished", "error"}.issuperset(ended.values()) and not self.cluster.alive():
                raise self.cluster.gone()
            good = [future for future in done if ended[future.key] == "finished"]
            values = self.cluster.gathered(good)
            found: list[tuple[int, Any]] = []
            for future in done:
                batch, _ = self.out.pop(future.key)
                if ended[future.key] == "error":
                    error = future.exception()
                    if not isinstance(error, KilledWorker):
                        raise error
                    found += self._killed(batch, error)
                elif future.key not in values:
                    self.again += batch
                elif isinstance(values[future.key], _Refused):
                    self.cluster.refuse(values[future.key])
                    self.again += batch
                else:
                    found += zip([index for index, _ in batch], values[future.key], strict=True)
            del done, good, values, future  # the cluster forgets a result when nobody holds its future
            self.send()
            yield from found

    def _killed(self, batch: list[tuple[int, Call]], error: Any) -> list[tuple[int, Any]]:
        """What a call gives under which all workers died; of several nobody knows which it was: each is sent alone."""
        if len(batch) > 1:
            self.again += batch
            return []
        ((index, call),) = batch
        why = f"every worker of {self.cluster.address} that ran it died"
        return [(index, call.given_up(why, error.last_worker.host))]

    def _some(self) -> list[Any]:
        """The futures that have ended since, at least one. Raises ClusterError when the scheduler is gone."""
        while True:
            try:
                done = [self.ended.get(timeout=1)]
                break
            except queue.Empty:
                if not self.cluster.alive():
                    raise self.cluster.gone() from None
                self.cluster.look_after_workers()
        while True:
            try:
                done.append(self.ended.get_nowait())
            except queue.Empty:
                return done


def _together(batch: Sequence[tuple[int, Call]]) -> bool:
    """Whether calls travel together: of one shape, light, and none that may be ended alone."""
    calls = [call for _, call in batch]
    alike = {call.shape for call in calls} == {calls[0].shape} != {""}
    return alike and len(calls) <= _TOGETHER and sum(call.weight for call in calls) <= _LIGHT and not calls[-1].limit


def _checked(there: Mapping[str, str], own: tuple[str, ...], calls: Sequence[Call]) -> Any:
    """On a worker: the results of calls, unless the one who asks has other versions."""
    from distributed import get_worker

    if why := differences(there, identity(own)):
        return _Refused(get_worker().address, why)
    return [call() if call.limit is None else _in_time(call) for call in calls]


def _in_time(call: Call) -> Any:
    """The result of a call in a process beside the worker's, which can be ended; a thread of the worker cannot."""
    # a worker that a nanny has started counts as a daemon, which may start none: but these end when it ends
    multiprocessing.current_process().daemon = False
    ((_, result),) = _beside(threading.get_ident()).run([call])
    return result


@cache
def _beside(thread: int) -> Processes:
    """The process of a thread of the worker."""
    del thread
    return Processes(1)
