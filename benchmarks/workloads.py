"""The four workloads: what is run, on which data, and how many floating-point operations the algorithm needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np

SEED = 20250427


@dataclass(frozen=True, eq=False)
class Data:
    """The agents' two arrays and the start w0 (d,).

    Quadratics (w - c_i)^T A_i (w - c_i) / 2: A (n, d, d) and c (n, d). Mean cross-entropy of a network on labelled
    samples: x (n, samples, inputs) and y (n, samples).
    """

    arrays: tuple[np.ndarray, np.ndarray]
    w0: np.ndarray


@dataclass(frozen=True, eq=False)
class Tables:
    """What chance decided, so that all compute the same iterates; None where nothing is drawn.

    `participants` (K, m), ascending. `inner` and `hessian` (K, tau, nu, n, batch) and `outer` (K, tau, n, batch) hold
    the places of the samples of every batch.
    """

    participants: np.ndarray | None = None
    inner: np.ndarray | None = None
    outer: np.ndarray | None = None
    hessian: np.ndarray | None = None

    @property
    def drawn(self) -> dict[str, np.ndarray]:
        """The tables that are there, by name."""
        return {name: table for name, table in vars(self).items() if table is not None}

    def cut(self, rounds: int) -> Tables:
        """The tables of the first rounds."""
        return Tables(**{name: table[:rounds] for name, table in self.drawn.items()})


@dataclass(frozen=True, kw_only=True)
class Workload(ABC):
    """One run of Meta-FedAvg: n agents, m of them a round, nu fine-tuning steps, tau local steps, K rounds.

    `checked_rounds` is how many rounds are compared with every peer, in float64, before anything is timed. `batch`
    samples are drawn for every gradient and every Hessian; None: full batches.
    """

    name: str
    agents: int
    participants: int
    nu: int
    tau: int
    rounds: int
    alpha: float
    beta: float
    dtype: str
    checked_rounds: int
    batch: int | None = None

    @property
    @abstractmethod
    def d(self) -> int:
        """Dimension of the model."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What is run, in one line."""

    @property
    @abstractmethod
    def counted(self) -> str:
        """The formula of `flops`."""

    @abstractmethod
    def data(self, dtype: str) -> Data:
        """The agents' losses and the start, the same on every call."""

    @abstractmethod
    def meta_gradient_flops(self) -> int:
        """Operations of one agent's meta-gradient in its matrix products; a multiplication and an addition are two."""

    @property
    def mode(self) -> str:
        """Name of the meta-gradient's mode, which is stochastic when batches are drawn."""
        return "exact" if self.batch is None else "stochastic"

    def flops(self) -> int:
        """Operations of the whole run: K tau m meta-gradients."""
        return self.rounds * self.tau * self.participants * self.meta_gradient_flops()

    def shortened(self, rounds: int) -> Self:
        """The same workload with at most this many rounds."""
        return replace(self, rounds=min(rounds, self.rounds))

    def scaled(self, factor: int) -> Self:
        """`factor` times as many agents take part in every round; there are at least as many agents."""
        participants = self.participants * factor
        return replace(self, participants=participants, agents=max(self.agents, participants))


@dataclass(frozen=True, kw_only=True)
class QuadraticWorkload(Workload):
    """Quadratics with dense A_i, their Hessians applied as matrix-vector products.

    >>> W1.shortened(3).flops() == 3 * 5 * 128 * 11 * 2 * 64**2
    True
    """

    size: int

    @property
    def d(self) -> int:
        """Rows of the matrices."""
        return self.size

    @property
    def title(self) -> str:
        """The losses, and how their Hessians are applied."""
        return "quadratics, dense matrices, Hessian-vector products"

    @property
    def counted(self) -> str:
        """nu + 1 gradients and nu Hessian-vector products, a matrix-vector product each."""
        return "K tau m (2 nu + 1) 2 d^2"

    def meta_gradient_flops(self) -> int:
        """2 nu + 1 matrix-vector products."""
        return (2 * self.nu + 1) * 2 * self.size**2

    def data(self, dtype: str) -> Data:
        """A_i = G G^T / d + I / 10 with G standard normal, so that eigenvalues lie in about [0.1, 4.1]."""
        generator = np.random.default_rng(SEED)
        factors = generator.standard_normal((self.agents, self.size, self.size))
        matrices = factors @ factors.transpose(0, 2, 1) / self.size
        matrices += 0.1 * np.eye(self.size)
        matrices = (matrices + matrices.transpose(0, 2, 1)) / 2
        centres = generator.standard_normal((self.agents, self.size))
        start = generator.standard_normal(self.size)
        return Data((matrices.astype(dtype), centres.astype(dtype)), start.astype(dtype))


@dataclass(frozen=True, kw_only=True)
class NetworkWorkload(Workload):
    """A tanh network with cross-entropy.

    >>> W2.d
    8970
    """

    widths: tuple[int, ...]
    samples: int

    @property
    def d(self) -> int:
        """Weights and biases of all layers."""
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in self.layers)

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return list(pairwise(self.widths))

    @property
    def title(self) -> str:
        """The network with its widths, and the samples of a gradient."""
        batches = f"{self.samples} samples an agent" if self.batch is None else f"independent batches of {self.batch}"
        return f"tanh network {'-'.join(map(str, self.widths))}, cross-entropy, {batches}"

    @property
    def counted(self) -> str:
        """Products of a gradient and of a Hessian-vector product, with c_1 of the first layer and c of all others."""
        hessian = "2 c_1 + 6 c" if self.batch is None else "3 c_1 + 8 c"
        return (
            f"K tau m S [(nu + 1) 2 (2 c_1 + 3 c) + nu 2 ({hessian})], S samples a batch, c_1 = inputs x outputs of "
            "the first layer, c = the same summed over the others"
        )

    def meta_gradient_flops(self) -> int:
        """nu + 1 gradients and nu Hessian-vector products.

        A gradient is forward (c_1 + c), weights (c_1 + c), deltas (c). A Hessian-vector product is, by the R-operator,
        forward (c_1 + 2 c), weights (c_1 + 2 c), deltas (2 c); on a batch of its own also forward (c_1 + c) and
        deltas (c) at the point, which otherwise are those of the gradient there.
        """
        first, *others = (fan_in * fan_out for fan_in, fan_out in self.layers)
        rest = sum(others)
        gradient = 2 * first + 3 * rest
        product = 2 * first + 6 * rest
        if self.batch is not None:
            product += first + 2 * rest
        return 2 * (self.batch or self.samples) * ((self.nu + 1) * gradient + self.nu * product)

    def data(self, dtype: str) -> Data:
        """Standard normal inputs, uniform labels, weights of standard deviation 1 / sqrt(inputs), biases zero."""
        generator = np.random.default_rng(SEED)
        inputs = generator.standard_normal((self.agents, self.samples, self.widths[0]))
        labels = generator.integers(0, self.widths[-1], (self.agents, self.samples))
        parts = []
        for fan_in, fan_out in self.layers:
            parts += [generator.standard_normal(fan_out * fan_in) / fan_in**0.5, np.zeros(fan_out)]
        return Data((inputs.astype(dtype), labels), np.concatenate(parts).astype(dtype))


W1 = QuadraticWorkload(
    name="W1", agents=128, participants=128, nu=5, tau=5, rounds=200, alpha=0.05, beta=0.02, dtype="float64",
    checked_rounds=20, size=64,
)  # fmt: skip
W2 = NetworkWorkload(
    name="W2", agents=64, participants=64, nu=3, tau=5, rounds=20, alpha=0.1, beta=0.1, dtype="float32",
    checked_rounds=2, widths=(64, 64, 64, 10), samples=64,
)  # fmt: skip
W3 = replace(W2, name="W3", batch=16)
W4 = QuadraticWorkload(
    name="W4", agents=100_000, participants=1000, nu=3, tau=5, rounds=50, alpha=0.05, beta=0.02, dtype="float64",
    checked_rounds=10, size=16,
)  # fmt: skip
WORKLOADS: dict[str, Workload] = {workload.name: workload for workload in (W1, W2, W3, W4)}
