"""Worker processes on this machine: each has one call at a time, and its death costs that call and no other.

A pool of the standard library or of loky is broken as a whole when one process dies and does not say under which call;
here every process has a pipe of its own, so that whoever dies is known with what it was doing, and whoever takes too
long can be ended alone.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import platform
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from reports.records.workers import MOST_DEATHS, Call, WorkersError

_LOOK = 0.5  # seconds between two looks whether the parent is there
_READY = b""  # what a process says first: no answer is empty


@dataclass
class _Asked:
    """A call on its way: which of its run it is, and how many workers have died under it."""

    run: _Run
    index: int
    call: Call
    deaths: int = 0


@dataclass
class _Run:
    """The calls that one `run` was given: not begun, to be begun again, under way, and their results."""

    calls: Iterator[tuple[int, Call]]
    again: deque[_Asked] = field(default_factory=deque)
    begun: bool = False  # all of them, at least once
    under_way: int = 0
    ready: deque[tuple[int, Callable[[], Any]]] = field(default_factory=deque)

    @property
    def open(self) -> bool:
        """Whether there are results still to come."""
        return bool(self.ready or self.again or self.under_way or not self.begun)

    def next(self) -> _Asked | None:
        if self.again:
            return self.again.popleft()
        index, call = next(self.calls, (0, None))
        self.begun = call is None
        return None if call is None else _Asked(self, index, call)


@dataclass
class _Worker:
    """gpu: the one that it sees, None for all that there are; since: when it began, None before it is ready to."""

    process: BaseProcess
    pipe: Connection
    gpu: str | None
    ready: bool = False
    asked: _Asked | None = None
    since: float | None = None

    @property
    def left(self) -> float | None:
        """Seconds until its call is over its time; None for a call without a limit, or one that is not begun."""
        if self.asked is None or self.asked.call.limit is None or self.since is None:
            return None
        return max(0.0, self.since + self.asked.call.limit - time.monotonic())


class Processes:
    """At most `count` worker processes, which live as long as the `with` block; started when there is work for them.

    Functions, arguments and results must be picklable. A process that dies is replaced, its call is begun again, and
    given up after `MOST_DEATHS`; a call that takes longer than its limit is given up at once, and its process is ended
    and replaced. The processes end when this one does, however it ends.
    gpus: the GPUs of this machine by CUDA's names: then there is a process for each of them, which sees no other.
    """

    def __init__(self, count: int, gpus: Sequence[str] = ()) -> None:
        self.count, self.gpus = len(gpus) or count, tuple(gpus)
        self._workers: list[_Worker] = []
        self._runs: list[_Run] = []

    def __enter__(self) -> Processes:
        """The pool itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes at once: nothing that they hold is kept."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()
        self._runs.clear()

    def run(self, calls: Iterable[Call]) -> Iterator[tuple[int, Any]]:
        """Calls are begun now; one that raises ends the iteration with what it raised."""
        run = _Run(iter(enumerate(calls)))
        self._runs.append(run)
        self._hand_out()
        return self._results(run)

    def _results(self, run: _Run) -> Iterator[tuple[int, Any]]:
        try:
            while run.open:
                if not run.ready:
                    self._collect()
                    continue
                index, result = run.ready.popleft()
                yield index, result()
        finally:
            self._runs = [one for one in self._runs if one is not run]

    def _hand_out(self) -> None:
        """Give every free process a call, the oldest run's first; start a process where there may be more."""
        for run in self._runs:
            while (idle := self._idle()) or len(self._workers) < self.count:
                if (asked := run.next()) is None:
                    break
                try:
                    worker = idle or self._start()
                except OSError as error:  # no memory, or no more processes allowed: those that are there go on
                    if not self._workers:
                        raise WorkersError(f"no worker process can be started: {error}") from None
                    run.again.append(asked)
                    return
                self._ask(worker, asked)

    def _idle(self) -> _Worker | None:
        return next((worker for worker in self._workers if worker.asked is None), None)

    def _start(self) -> _Worker:
        taken = {worker.gpu for worker in self._workers}
        self._workers.append(_started(next((gpu for gpu in self.gpus if gpu not in taken), None)))
        return self._workers[-1]

    def _ask(self, worker: _Worker, asked: _Asked) -> None:
        worker.asked, worker.since = asked, time.monotonic() if worker.ready else None
        asked.run.under_way += 1
        # its answer was read, so it reads: this never waits for a process that waits for this one
        message = pickle.dumps((asked.call.function, asked.call.arguments))
        try:
            worker.pipe.send_bytes(message)
        except OSError:
            self._died(worker)

    def _collect(self) -> None:
        """Wait until a process has answered, died or run out of time, and keep all of them busy."""
        busy = {worker.pipe: worker for worker in self._workers if worker.asked is not None}
        soonest = min((left for worker in busy.values() if (left := worker.left) is not None), default=None)
        for pipe in wait(list(busy), soonest):
            worker = busy[pipe]  # type: ignore[index]
            try:
                answer = worker.pipe.recv_bytes()
            except (EOFError, OSError):
                self._died(worker)
                continue
            if answer == _READY:  # what it takes to start and to import is nobody's time
                worker.ready, worker.since = True, time.monotonic()
                continue
            asked, worker.asked = worker.asked, None
            assert asked is not None
            asked.run.under_way -= 1
            asked.run.ready.append((asked.index, lambda answer=answer: _opened(answer)))
        for worker in [one for one in self._workers if one.left == 0]:
            asked = self._ended(worker)
            asked.run.ready.append((asked.index, partial(asked.call.given_up, asked.call.over_time, platform.node())))
        self._hand_out()

    def _died(self, worker: _Worker) -> None:
        """The worker is gone; its call is begun again by another, or given up."""
        asked = self._ended(worker)
        asked.deaths += 1
        if asked.deaths < MOST_DEATHS:
            asked.run.again.append(asked)
        else:
            why = f"its worker process died {asked.deaths} times, at last {_end(worker.process.exitcode)}"
            asked.run.ready.append((asked.index, partial(asked.call.given_up, why, platform.node())))

    def _ended(self, worker: _Worker) -> _Asked:
        """What a worker was asked for, which is there no longer."""
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        asked = worker.asked
        assert asked is not None
        asked.run.under_way -= 1
        return asked


def _opened(answer: bytes) -> Any:
    """The result in an answer; raises what the call raised."""
    result, error = pickle.loads(answer)
    if error is not None:
        raise error
    return result


def _end(status: int | None) -> str:
    """How a process ended, in words.

    >>> _end(-9), _end(1)
    ('by SIGKILL, as when memory runs out', 'with exit status 1')
    """
    if status is None or status >= 0:
        return f"with exit status {status}"
    name = signal.Signals(-status).name
    return f"by {name}{', as when memory runs out' if name == 'SIGKILL' else ''}"


def _started(gpu: str | None) -> _Worker:
    context = _context(forked=gpu is None)
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, gpu), daemon=True)  # type: ignore[attr-defined]
    try:
        process.start()
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()  # so that the pipe ends with the process
    return _Worker(process, ours, gpu)


def _context(*, forked: bool) -> BaseContext:
    """Forked processes begin with everything imported, which takes seconds otherwise.

    That is safe while this process has one thread, on Linux; from Python 3.12 on it warns all the same. Elsewhere, and
    beside GPUs, which a fork cannot use that was made after anybody asked for them, a server that imports once does the
    forking.
    """
    if forked and sys.platform == "linux" and sys.version_info < (3, 12) and threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["reports.records.attempts"])
    return context


def _work(pipe: Connection, gpu: str | None) -> None:
    """What a worker process does: one call after another, until nobody is there to ask."""
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu  # CUDA reads it when it is first used
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    for number in (signal.SIGINT, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())):
        signal.signal(number, signal.SIG_IGN)  # whoever asked is interrupted, and ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    import torch

    torch.set_num_threads(1)  # the processes themselves fill the processors
    try:
        pipe.send_bytes(_READY)
    except OSError:
        return
    while True:
        try:
            pipe.send_bytes(_answer(pipe.recv_bytes()))
        except (EOFError, OSError):
            return


def _answer(message: bytes) -> bytes:
    """(result, error) of a call, pickled; an error that cannot travel goes as its words."""
    try:
        function, arguments = pickle.loads(message)
        return pickle.dumps((function(*arguments), None))
    except BaseException as error:
        error.add_note(f"in a worker process:\n{traceback.format_exc()}")
        try:
            answer = pickle.dumps((None, error))
            pickle.loads(answer)
        except Exception:
            answer = pickle.dumps((None, WorkersError(f"{type(error).__name__}: {error}")))
        return answer


def _end_with_parent(parent: int) -> None:
    """A process whose asker was killed would wait for ever.

    A forked one has another parent then; one that a server forked hears it from the asker's sentinel.
    """
    asker = multiprocessing.parent_process()
    assert asker is not None
    while os.getppid() == parent and asker.is_alive():
        time.sleep(_LOOK)
    os._exit(1)
