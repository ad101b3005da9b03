"""Small tasks, one for each way in which the engine evaluates agents, and the runs that are compared on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from empirics import MetaFedAvg, Noise, Task
from empirics.algorithm.modes import Mode
from empirics.tasks.factories import small_cosine, small_logistic, small_quadratic
from empirics.tasks.networks.architectures import multilayer_perceptron, seeded
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.populations import QuadraticPopulation

ROUNDS, REPLICAS, SEED = 3, 5, 11
_DELTA = 2.0**-10
_NUS, _TAUS = (0, 1, 3), (1, 5)


@dataclass(frozen=True)
class Case:
    """One run: on which task, in which mode, with how many steps, how many agents, in chunks of how many replicas."""

    subject: str
    mode: Mode
    nu: int
    tau: int
    dtype: torch.dtype
    chunk: int | None
    sampled: bool

    def task(self, device: str = "cpu") -> Task:
        """The task on a device, in the precision of the case."""
        return subject(self.subject, self.dtype, device)

    @property
    def settings(self) -> MetaFedAvg:
        """Two agents take part, or all."""
        sizes: dict[str, Any] = {"D": 2, "D_prime": 3, "D_H": 2} if self.mode.draws else {}
        return MetaFedAvg(
            alpha=0.25,
            nu=self.nu,
            beta=0.25,
            tau=self.tau,
            participants=2 if self.sampled else None,
            mode=self.mode,
            delta=_DELTA if self.mode.probes else None,
            chunk=self.chunk,
            **sizes,
        )

    @property
    def start(self) -> Tensor:
        """Where its runs begin (d,); a network at its module's own parameters, near which it is well conditioned."""
        task = self.task()
        network = task.network()
        return (torch.linspace(-1, 1, task.d) / 2 if network is None else network.start).double()

    def __str__(self) -> str:
        chunk = "whole" if self.chunk is None else f"in chunks of {self.chunk}"
        agents = "2 agents" if self.sampled else "all agents"
        precision = str(self.dtype).removeprefix("torch.")
        return f"{self.subject}, mode {self.mode}, nu {self.nu}, tau {self.tau}, {agents}, {precision}, {chunk}"


def cases(subjects: Sequence[str], shift: int = 0) -> Iterator[Case]:
    """Every subject in every mode, three times.

    In float64 with nu >= 1, in chunks and with sampled agents, where most can go wrong; in float64 with any nu, whole
    and with all agents; in float32 with nu >= 1. The numbers of steps go round, so that over the modes of a subject
    and over the subjects of a mode all of them occur.
    """
    for place, name in enumerate(subjects):
        always = subject(name, torch.float64, "cpu").on_demand
        for index, mode in enumerate(Mode):
            turn = place + index + shift
            tau, other = _TAUS[turn // 2 % 2], _TAUS[(turn // 2 + 1) % 2]
            yield Case(name, mode, _NUS[1 + turn % 2], tau, torch.float64, 2, True)
            yield Case(name, mode, _NUS[turn % 3], other, torch.float64, None, always)
            chunk, sampled = (None, 2)[turn % 2], always or bool(turn // 2 % 2)
            yield Case(name, mode, _NUS[1 + (turn + 1) % 2], other, torch.float32, chunk, sampled)


class Unbatched(nn.Module):
    """A branch on the data: it can be neither recorded nor batched, so agents are evaluated one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The layer, through tanh for inputs whose first number is positive and through sin for others."""
        return torch.where(x[:, :1] > 0, self.layer(x).tanh(), self.layer(x).sin() if bool(x.any()) else x[:, :1])


@cache
def subject(name: str, dtype: torch.dtype, device: str) -> Task:
    """The task of that name, made once for each precision and device: what it records of itself is kept."""
    return SUBJECTS[name].make().to(device, dtype)


def _network(module: nn.Module, inputs: int, outputs: int, samples: int = 16, agents: int = 3) -> NetworkTask:
    generator = torch.Generator().manual_seed(SEED)
    x = torch.randn(agents, samples, inputs, generator=generator, dtype=torch.float64)
    if outputs == 1:
        return NetworkTask(module, x, x[..., :1].sin(), functional.mse_loss, smooth=True)
    labels = torch.arange(agents * samples).reshape(agents, samples) % outputs
    return NetworkTask(module, x, labels, functional.cross_entropy, smooth=True)


def _recorded() -> nn.Module:
    """Two kinds of activations, for which nothing is written by hand."""
    return nn.Sequential(nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))


def _noisy(make: Callable[..., Task], d: int) -> Task:
    return make(4, d, noise=Noise.coordinate(4, d, gradient=0.25, amplitude=0.125, frequency=1.5))


@dataclass(frozen=True)
class Subject:
    """How a task is made, and whether a graph can hold its rounds."""

    make: Callable[[], Task]
    graphs: bool = True


SUBJECTS: dict[str, Subject] = {
    "quadratics": Subject(lambda: _noisy(small_quadratic, 4)),
    "cosines": Subject(lambda: _noisy(small_cosine, 3)),
    "logistic": Subject(lambda: small_logistic(4, 4, 12)),
    "population": Subject(lambda: QuadraticPopulation(10**6, 3, mu=0.25, seed=1)),
    # sizes that tensor cores take, so that TF32 would show
    "dense network": Subject(lambda: _network(multilayer_perceptron((16, 32, 8), seed=SEED), 16, 8)),
    "wide network": Subject(lambda: _network(multilayer_perceptron((64, 64, 64, 10), seed=SEED), 64, 10, 64)),
    "recorded network": Subject(lambda: _network(seeded(_recorded, SEED), 4, 3)),
    "eager network": Subject(lambda: _network(seeded(Unbatched, SEED), 4, 1, agents=2), graphs=False),
}
