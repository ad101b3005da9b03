"""How many threads arithmetic may use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

# the number belongs to the process: a thread that puts it back would do so under another that still computes
_ALONE = threading.RLock()


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch and for BLAS: the last bit of an eigenvalue must not depend on how many there are.

    A process is within at most once at a time, as a dask worker of several threads would be otherwise.
    """
    with _ALONE:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with threadpool_limits(1):
                yield
        finally:
            torch.set_num_threads(threads)
