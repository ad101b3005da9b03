"""The backends that can run on a device, each made anew for every run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from empirics.backends.backend import Backend, TorchBackend
from empirics.backends.cuda_graphs import CudaGraphBackend, Replay

Backends = Mapping[str, Callable[[], Backend]]


def played_back(work: Callable[[], Tensor]) -> tuple[Replay, Tensor]:
    """A recording without a GPU: each replay runs the same closure again into the same tensor."""
    result = work()

    def replay() -> None:
        result.copy_(work())

    return replay, result


def backends(kind: str) -> Backends:
    """On a GPU its graphs and plain operations; in a rehearsal graphs are played back as plain operations.

    Batched matrices, agents one after another and agents on demand are what the tasks make of either.
    """
    record = {"record": played_back} if kind == "cpu" else {}
    return {"cuda graphs": lambda: CudaGraphBackend(**record), "torch": TorchBackend}
