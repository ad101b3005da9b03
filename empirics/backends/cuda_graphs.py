"""Whole rounds as CUDA graphs: the kernels of a round are recorded once, then each round is one launch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from empirics.algorithm.one_round import round_with
from empirics.algorithm.settings import Settings
from empirics.backends.backend import Backend, TorchBackend
from empirics.numerics.memory import out_of_memory
from empirics.numerics.randomness import Draws, derived_key, sent
from empirics.tasks.task import Task

Replay = Callable[[], None]


@dataclass(frozen=True)
class TabledDraws(Draws):
    """Draws whose keys are rows of a table on the device, so that one recorded round serves every round.

    The first use of a (step, purpose) gives it the next row; `rows` says which keys a round must put where.
    """

    table: Tensor
    rows: dict[tuple[int, str], int] = field(hash=False, compare=False)

    def keys(self, purposes: Sequence[str]) -> Tensor:
        """Rows of the table, one a purpose."""
        places = [self.rows.setdefault((self.step, name), len(self.rows)) for name in purposes]
        if places == list(range(places[0], places[0] + len(places))):
            return self.table[places[0] : places[0] + len(places)]
        return torch.stack([self.table[place] for place in places])


class RecordedRound:
    """One round for a fixed number of replicas, recorded by `record` and then replayed for any round and any w."""

    def __init__(
        self,
        settings: Settings,
        task: Task,
        replicas: Tensor,
        record: Callable[[Callable[[], Tensor]], tuple[Replay, Tensor]],
    ) -> None:
        """Record it; static tensors hold the server iterates, the keys and the replicas' indices."""
        self.w = torch.zeros((len(replicas), task.d), dtype=task.dtype, device=task.device)
        self.replicas = replicas.clone()
        # A local step has at most 2 nu + 1 purposes, and the participants have one more.
        table = torch.zeros((settings.tau * (2 * settings.nu + 1) + 1, 2), dtype=torch.int64, device=task.device)
        self.table, self.rows = table, {}

        def draws_of(step: int) -> Draws:
            return TabledDraws(0, 0, step, self.replicas, table, self.rows)

        self._replay, self._after = record(lambda: round_with(settings, task, self.w, draws_of))

    def run(self, w: Tensor, first: int, count: int, seed: int, replicas: Tensor) -> Tensor:
        """Iterates (R, count, d); the host sends the keys of all rounds at once and waits for nothing."""
        iterates = torch.empty((len(w), count, w.shape[1]), dtype=w.dtype, device=w.device)
        self.w.copy_(w)
        self.replicas.copy_(replicas)
        used = list(self.rows)
        keys = [derived_key(seed, index, *row) for index in range(first, first + count) for row in used]
        tables = sent(keys, w.device).reshape(count, len(used), 2) if used else None
        for place in range(count):
            if tables is not None:
                self.table[: len(used)].copy_(tables[place])
            self._replay()
            self.w.copy_(self._after)
            iterates[:, place] = self._after
        return iterates


def capture(work: Callable[[], Tensor]) -> tuple[Replay, Tensor]:
    """A CUDA graph of `work` and the tensor that each replay fills; three plain runs settle what is lazily made."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph, before = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
    try:
        with torch.cuda.graph(graph):
            result = work()
    except BaseException:
        torch.cuda.set_stream(before)  # a capture that fails leaves its own stream behind
        raise
    return graph.replay, result


class CudaGraphBackend(Backend):
    """Rounds as CUDA graphs, one graph for the last number of replicas; plain torch where a task cannot be recorded.

    An instance belongs to one run: it remembers its graph.
    """

    name = "cuda graphs"

    def __init__(self, record: Callable[[Callable[[], Tensor]], tuple[Replay, Tensor]] = capture) -> None:
        """Nothing is recorded yet."""
        self._record = record
        self._recorded: RecordedRound | None = None
        self._key: tuple[object, ...] = ()
        self._failure: str | None = None

    @torch.no_grad()
    def rounds(
        self, settings: Settings, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """Record on first use, replay afterwards."""
        recorded = self._round(settings, task, replicas)
        if recorded is None:
            return TorchBackend().rounds(settings, task, w, first, count, seed, replicas)
        return recorded.run(w, first, count, seed, replicas)

    def measured(self) -> Backend:
        """Plain torch: a graph keeps what one round takes, but as long as it lives."""
        return TorchBackend()

    def notes(self) -> tuple[str, ...]:
        """Why there was no graph, if there was none."""
        if self._failure is None:
            return ()
        return (f"no CUDA graph could be recorded ({self._failure}): rounds ran as plain torch operations",)

    def _round(self, settings: Settings, task: Task, replicas: Tensor) -> RecordedRound | None:
        key, network = (settings, id(task), len(replicas)), task.network()
        if network is not None and network.path == "eager":  # a capture would fail, and not without traces
            self._failure = "its agents' networks are evaluated without a record"
        if self._failure is None and key != self._key:
            self._recorded, self._key = None, ()
            try:
                self._recorded = RecordedRound(settings, task, replicas, self._record)
                self._key = key
            except RuntimeError as error:
                if out_of_memory(error):
                    raise
                self._failure = str(error).splitlines()[0] if str(error) else type(error).__name__
        return None if self._failure is not None else self._recorded
