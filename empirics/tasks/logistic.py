"""Binary logistic regression on finite data: minibatches of real samples, constants certified from the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.numerics.checks import array, integer, shape
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.numerics.rounding import up
from empirics.tasks.logistic_constants import (
    logistic_constants,
    noise_constants,
    sample_norm,
    third_derivative_change,
)
from empirics.tasks.ridge import RidgeTask, combine, project
from empirics.tasks.sampler import AlmostSureBounds
from empirics.tasks.subsets import Subsets, gathered
from empirics.tasks.task import Task


class LogisticTask(RidgeTask):
    r"""f_i(w) = (1/S_i) sum_j log(1 + exp(-z_ij . w)), z_ij = y_ij x_ij (with a feature 1 for the intercept).

    No regulariser, so the gradient is bounded and every constant holds on all of R^d:
    B <= norm(z), L <= lambda_max(mean z z^T)/4, rho <= lambda_max(mean norm(z) z z^T)/(6 sqrt 3), mu = 0; sigma and
    gamma are bounded from the finite data (`logistic_constants`). A batch is D of the agent's samples, drawn without
    replacement. In `arrays`, a holds the z_ij (padded with zeros), s the weights 1/S_i.

    Args:
        x: features (n, samples, p).
        y: labels (n, samples), each -1 or 1.
        intercept: append the feature 1, so that d = p + 1.
        counts: samples of each agent (n,); rows of x beyond them are padding and ignored. Default: all.

    Raises:
        InputError: a wrong shape, a label that is not -1 or 1, a count out of range.

    >>> task = LogisticTask(x=[[[3.0]]], y=[[1]], intercept=False)
    >>> task.gradient([0.0])
    tensor([[-1.5000]], dtype=torch.float64)
    >>> task.constants()["L"].value >= 9 / 4
    True
    """

    family = "logistic"
    spreads_follow_agents = True

    def __init__(self, x: Any, y: Any, *, intercept: bool = True, counts: Any = None) -> None:
        """Check the data, append the intercept and multiply by the labels."""
        features = array("x", x, "(n, samples, p)", 3)
        n, samples, _ = features.shape
        labels = shape("y", array("y", y, "(n, samples)", 2), (n, samples), "(n, samples) of x").to(features.dtype)
        sizes = _counts(counts, n, samples)
        used = torch.arange(samples) < torch.tensor(sizes).unsqueeze(-1)
        wrong = used & (labels.abs() != 1)
        if bool(wrong.any()):
            where = tuple(int(i) for i in torch.nonzero(wrong)[0])
            raise InputError(f"y{list(where)} = {float(labels[where]):g}: expected labels -1 or 1")
        if intercept:
            features = torch.cat([features, torch.ones_like(features[..., :1])], dim=-1)
        signed = torch.where(used.unsqueeze(-1), labels.unsqueeze(-1) * features, torch.zeros_like(features))
        number = torch.tensor(sizes, dtype=features.dtype).unsqueeze(-1)
        weights = torch.where(used, 1 / number, torch.zeros_like(labels))
        super().__init__(signed, {"s": weights, "counts": number.squeeze(-1)}, Minibatches())

    @property
    def counts(self) -> Tensor:
        """Samples of each agent (n,)."""
        return self.whole("counts").long()

    def unpadded(self) -> tuple[Task, ...]:
        """One task an agent, of its own samples."""
        if not self.unchanged_since(LogisticTask):
            return (self,)
        signed = self.whole("a")
        return tuple(
            LogisticTask(signed[agent : agent + 1, :count], torch.ones(1, count), intercept=False)
            for agent, count in enumerate(self.counts.tolist())
        )

    def profile(self, theta: Tensor) -> Tensor:
        """log(1 + exp(-theta)), without overflow."""
        return -torch.nn.functional.logsigmoid(theta)

    def slope(self, theta: Tensor) -> Tensor:
        """Minus the sigmoid of -theta."""
        return -torch.sigmoid(-theta)

    def curvature(self, theta: Tensor) -> Tensor:
        """Sigmoid of theta times sigmoid of -theta."""
        return torch.sigmoid(theta) * torch.sigmoid(-theta)

    def slope_and_curvature(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """-p and p (1 - p), p the sigmoid of -theta: the second within 3 units of roundoff of its bound 1/4."""
        miss = torch.sigmoid(-theta)
        return -miss, miss * (1 - miss)

    def predict(self, points: Any, x: Any) -> Tensor:
        """Labels -1 or 1, (..., n, samples), on x (n, samples, p), without or with the column of the intercept.

        >>> LogisticTask(x=[[[1.0]]], y=[[1]]).predict([1.0, -2.0], [[[1.0], [3.0]]]).tolist()  # w = (slope, intercept)
        [[-1.0, 1.0]]
        """
        w, leading = self.as_points(points, "points")
        features = array("x", x, "(n, samples, p)", (3,)).to(w)
        if features.shape[-1] == self.d - 1:
            features = torch.cat([features, torch.ones_like(features[..., :1])], dim=-1)
        if len(features) != self.n or features.shape[-1] != self.d:
            raise InputError(
                f"x has shape {tuple(features.shape)}: expected ({self.n}, samples, {self.d} or {self.d - 1})"
            )
        scores = torch.einsum("rnd,nsd->rns", w, features).unflatten(0, (*leading, 1)).squeeze(len(leading))
        return torch.where(scores < 0, -torch.ones_like(scores), torch.ones_like(scores))

    def own_constants(self) -> dict[str, Constant]:
        """B, L, mu = 0, rho, gamma_G, gamma_H on all of R^d."""
        return logistic_constants(self.arrays())

    def third_derivative_change(self) -> Constant:
        """rho_2 <= lambda_max(mean norm(z)^2 z z^T)/8, of the worst agent."""
        return third_derivative_change(self.arrays())

    def loss_lower_bound(self) -> Constant:
        """0, since log(1 + exp) is positive."""
        return Constant(0.0, "lower", "log(1 + exp) >= 0")


@dataclass(frozen=True)
class Minibatches(Subsets):
    """Subsets of each agent's signed samples z_ij."""

    def counts(self, task: Task) -> Tensor:
        """The agents' numbers of samples, padding not counted."""
        return task.parameter("counts").long()

    def loss(self, task: Task, w: Tensor, values: Tensor) -> Tensor:
        """Mean over the batch of log(1 + exp(-z . w))."""
        return -torch.nn.functional.logsigmoid(project(w, gathered(task, "a", values))).mean(-1)

    def gradient(self, task: Task, w: Tensor, values: Tensor) -> Tensor:
        """Mean over the batch of -sigmoid(-z . w) z."""
        samples = gathered(task, "a", values)
        return combine(torch.sigmoid(-project(w, samples)), samples) / -values.shape[-1]

    def hvp(self, task: Task, w: Tensor, v: Tensor, values: Tensor) -> Tensor:
        """Mean over the batch of sigmoid(z . w) sigmoid(-z . w) <z, v> z."""
        samples = gathered(task, "a", values)
        angles = project(w, samples)
        weights = torch.sigmoid(angles) * torch.sigmoid(-angles)
        return combine(weights * project(v, samples), samples) / values.shape[-1]

    def constants(self, task: Task) -> dict[str, Constant]:
        """sigma_G and sigma_H of the worst agent, from its own data."""
        return noise_constants(task.arrays())

    def almost_sure_bounds(self, task: Task, constants: dict[str, Constant]) -> AlmostSureBounds:
        """Gradients within max norm(z); Hessians in [0, max norm(z)^2 / 4]."""
        largest = sample_norm(task.arrays())
        return AlmostSureBounds(largest, 0.0, up(largest**2 / 4))


def _counts(counts: Any, n: int, samples: int) -> list[int]:
    if counts is None:
        return [samples] * n
    sizes = [integer(f"counts[{agent}]", int(count), at_least=1) for agent, count in enumerate(counts)]
    if len(sizes) != n or max(sizes) > samples:
        raise InputError(f"counts = {sizes}: expected {n} numbers between 1 and {samples}")
    return sizes
