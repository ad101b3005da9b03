"""How many replicas share a batch: as many as a measured local step shows to fit into a memory budget."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CPU_BYTES = 2**28


def memory_budget(device: torch.device) -> int:
    """Bytes that one batch may take: 256 MB on the CPU, half of the whole memory of a GPU.

    Neither depends on what else is running, so that the same machine chooses the same chunk again.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory // 2
    return CPU_BYTES


def largest_chunk(replicas: int, bytes_at_most: int, peak: Callable[[int], int]) -> int:
    """The largest number of replicas, at most `replicas`, whose peak stays within the budget.

    peak(r) measures the bytes that a local step of r replicas takes: it is asked for 1, then for 2 and 4 replicas
    while twice the last answer still fits, and continued linearly from the last two.

    >>> largest_chunk(1000, 1000, lambda r: 100 + 9 * r)     # 100 + 9 * 100 = 1000
    100
    >>> largest_chunk(1000, 1000, lambda r: 600 * r), largest_chunk(3, 10**6, lambda r: r)
    (1, 3)
    """
    if replicas == 1:
        return 1
    first = peak(1)
    # Twice, because the first replica may be cheaper than the next: some copies are views in a batch of one.
    if 2 * replicas * first <= bytes_at_most:
        return replicas
    size, last, slope = 1, first, first
    while size < 4 and 2 * last <= bytes_at_most:
        more = peak(2 * size)
        slope = max((more - last) // size, 1)
        size, last = 2 * size, more
    return max(1, min(replicas, size + (bytes_at_most - last) // slope))


def peak_bytes(work: Callable[[], object], device: torch.device) -> int:
    """Bytes of new tensors that live at the worst moment of `work`.

    On CUDA this is what the allocator reports. On the CPU the results of all operations that torch dispatches are
    counted while anything holds them; work inside one operation is not seen.

    >>> peak_bytes(lambda: (torch.zeros(100) + 1).sum(), torch.device("cpu"))
    800
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with _Tracker() as tracker:
        work()
    return tracker.peak


class _Tracker(TorchDispatchMode):
    """Follows the storages that operations make until nothing holds them."""

    def __init__(self) -> None:
        super().__init__()
        self.current = 0
        self.peak = 0
        self._known: set[int] = set()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here, and torch would import its compiler (a second) to wrap what follows."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation; what it was given is not new, what it returns may be."""
        for given in tree_leaves((args, kwargs)):
            if isinstance(given, Tensor):
                self._follow(given, counted=0)
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._follow(tensor, counted=1)
        return made

    def _follow(self, tensor: Tensor, *, counted: int) -> None:
        storage = tensor.untyped_storage()
        place = storage._cdata
        if place in self._known:
            return
        size = counted * storage.nbytes()
        self._known.add(place)
        self.current += size
        self.peak = max(self.peak, self.current)
        weakref.finalize(storage, self._forget, place, size).atexit = False

    def _forget(self, place: int, size: int) -> None:
        self._known.discard(place)
        self.current -= size


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on a GPU, in torch's CPU allocator or in Python."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
