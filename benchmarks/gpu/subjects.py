"""Small tasks, one for each way in which the engine evaluates agents, and the runs that are compared on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from empirics import MODES, MetaFedAvg, Noise, Task
from empirics.factories import small_cosine, small_logistic, small_quadratic
from empirics.network import NetworkTask
from empirics.populations import QuadraticPopulation

ROUNDS, REPLICAS, SEED = 3, 3, 11
_DELTA = 2.0**-10
_NUS, _TAUS, _CHUNKS = (0, 1, 3), (1, 5), (None, 2)


@dataclass(frozen=True)
class Case:
    """One run: on which task, in which mode, with how many steps, in which precision, in chunks or whole."""

    subject: str
    mode: str
    nu: int
    tau: int
    dtype: torch.dtype
    chunk: int | None

    def task(self, device: str = "cpu") -> Task:
        """The task on a device, in the precision of the case."""
        return subject(self.subject, self.dtype, device)

    @property
    def settings(self) -> MetaFedAvg:
        """Of the networks and formulas all agents take part when nu is odd, else two of them."""
        stochastic = self.mode.endswith("stochastic")
        return MetaFedAvg(
            alpha=0.25,
            nu=self.nu,
            beta=0.25,
            tau=self.tau,
            participants=None if self.nu % 2 and self.subject != "population" else 2,
            mode=self.mode,
            delta=_DELTA if self.mode.startswith("hessian_free") else None,
            chunk=self.chunk,
            **({"D": 2, "D_prime": 3, "D_H": 2} if stochastic else {}),
        )

    @property
    def start(self) -> Tensor:
        """Where its runs begin (d,)."""
        return torch.linspace(-1, 1, self.task().d, dtype=torch.float64) / 2

    def __str__(self) -> str:
        chunk = "whole" if self.chunk is None else f"in chunks of {self.chunk}"
        precision = str(self.dtype).removeprefix("torch.")
        return f"{self.subject}, mode {self.mode}, nu {self.nu}, tau {self.tau}, {precision}, {chunk}"


def cases(subjects: list[str], shift: int) -> Iterator[Case]:
    """Every subject in every mode and precision; nu, tau and chunks go round so that all pairs of them occur.

    Over twelve shifts each mode and precision meets every (nu, tau, chunk), and so does each subject at any shift.
    """
    steps = list(product(_NUS, _TAUS, _CHUNKS))
    for place, name in enumerate(subjects):
        for index, (mode, dtype) in enumerate(product(MODES, (torch.float64, torch.float32))):
            # 7 and 5 have no factor in common with 12
            nu, tau, chunk = steps[(7 * index + 5 * (place + shift)) % len(steps)]
            yield Case(name, mode, nu, tau, dtype, chunk)


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
    return SUBJECTS[name]().to(device, dtype)


def _network(module: Callable[[], nn.Module], inputs: int, outputs: int) -> NetworkTask:
    """Three agents with 16 samples each; the modules' own weights are drawn from a seed of ours."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        made = module()
    x = torch.randn(3, 16, inputs, generator=generator, dtype=torch.float64)
    if outputs == 1:
        return NetworkTask(made, x, x[..., :1].sin(), functional.mse_loss, smooth=True)
    return NetworkTask(made, x, torch.arange(48).reshape(3, 16) % outputs, functional.cross_entropy, smooth=True)


def _dense() -> nn.Module:
    """Sizes that tensor cores take, so that TF32 would show."""
    return nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 8))


def _recorded() -> nn.Module:
    """Two kinds of activations, for which nothing is written by hand."""
    return nn.Sequential(nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))


def _noisy(make: Callable[..., Task], d: int) -> Task:
    return make(4, d, noise=Noise.coordinate(4, d, gradient=0.25, amplitude=0.125, frequency=1.5))


SUBJECTS: dict[str, Callable[[], Task]] = {
    "quadratics": lambda: _noisy(small_quadratic, 4),
    "cosines": lambda: _noisy(small_cosine, 3),
    "logistic": lambda: small_logistic(4, 4, 12),
    "population": lambda: QuadraticPopulation(10**6, 3, mu=0.25, seed=1),
    "dense network": lambda: _network(_dense, 16, 8),
    "recorded network": lambda: _network(_recorded, 4, 3),
    "eager network": lambda: _network(Unbatched, 4, 1),
}
