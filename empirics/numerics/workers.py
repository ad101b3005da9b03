"""Independent pieces of tensor work on threads: one piece a thread, in cache, no barrier inside an operation."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode

from empirics.numerics.forward_derivatives import forward_alone, within_forward

_RECORDER = "empirics-recorder"
_pool: tuple[int, int, ThreadPoolExecutor] | None = None
_recorder: tuple[int, ThreadPoolExecutor] | None = None
_lock = threading.Lock()


def spread(work: Callable[..., None], pieces: Iterable[Any]) -> None:
    """Call work(piece) for every piece, on as many threads as torch uses, each computing on its own.

    Torch's operations leave the interpreter, so threads of Python serve. Inside a dispatch mode (which sees one
    thread only), when torch uses one thread, and within a forward derivative or a recording (for which a piece may have
    to wait), pieces are worked on one after another.

    >>> results = torch.zeros(3)
    >>> spread(lambda place: results[place].fill_(place + 1.0), range(3))
    >>> results.tolist()
    [1.0, 2.0, 3.0]
    """
    pieces, threads = list(pieces), torch.get_num_threads()
    if threads == 1 or len(pieces) == 1 or _get_current_dispatch_mode() is not None or within_forward():
        for piece in pieces:
            work(piece)
        return

    def quietly(piece: Any) -> None:
        # Whether gradients are recorded belongs to a thread; no work here is ever differentiated.
        with torch.no_grad():
            work(piece)

    for done in [_threads(threads).submit(quietly, piece) for piece in pieces]:
        done.result()


def keep_freed_memory() -> None:
    """Let the process keep up to 64 MB that it has freed, instead of returning and faulting them in again.

    The GNU C library does so once a block of 32 MB, its largest, has been freed, used or not; others ignore it.
    """
    # not through torch, which counts what it allocates
    np.empty(2**25 - 2**17, dtype=np.uint8)


def in_recording_thread(work: Callable[[], Any]) -> Any:
    """The result of work() in a thread that has the caller's context variables, but no dispatch modes and transforms.

    It is the same thread every time. A CUDA build of torch (seen in 2.11) that finds no GPU keeps a pointer into the
    first thread that records a graph, and the next recording crashes if that thread has ended.

    >>> in_recording_thread(lambda: in_recording_thread(lambda: 2 + 2))
    4
    """
    global _recorder
    with _lock:
        if _recorder is None or _recorder[0] != os.getpid():
            _recorder = (os.getpid(), ThreadPoolExecutor(1, _RECORDER))
    if _recording():  # it would wait for itself
        with ThreadPoolExecutor(1, _RECORDER) as another:
            return _result(another, work)
    return _result(_recorder[1], work)


def _result(recorder: ThreadPoolExecutor, work: Callable[[], Any]) -> Any:
    # Recording takes forward derivatives: whoever were within one and waited for the recorder would keep it out.
    with forward_alone():
        return recorder.submit(contextvars.copy_context().run, _in_stream(work)).result()


def _recording() -> bool:
    return threading.current_thread().name.startswith(_RECORDER)


def _in_stream(work: Callable[[], Any]) -> Callable[[], Any]:
    """The same on the CUDA stream of this thread: what it made there may not be ready for another stream."""
    if not torch.cuda.is_initialized():
        return work
    stream = torch.cuda.current_stream()

    def inside() -> Any:
        with torch.cuda.stream(stream):
            return work()

    return inside


def _threads(count: int) -> ThreadPoolExecutor:
    """The pool of this process (a forked child inherits none of its parent's threads)."""
    global _pool
    with _lock:
        if _pool is None or _pool[:2] != (os.getpid(), count):
            executor = ThreadPoolExecutor(count, "empirics")
            started = threading.Barrier(count + 1)
            for _ in range(count):
                executor.submit(_alone, started)
            started.wait()
            # A thread's setting is also the default of threads to come; this puts the caller's back.
            torch.set_num_threads(count)
            _pool = (os.getpid(), count, executor)
        return _pool[2]


def _alone(started: threading.Barrier) -> None:
    torch.set_num_threads(1)
    started.wait()
