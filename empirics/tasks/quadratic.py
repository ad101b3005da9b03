"""Quadratic losses: every exact quantity of the theory has a closed form here."""

from __future__ import annotations

import copy
import math
from typing import Any, Self

import torch
from torch import Tensor

from empirics.numerics.checks import array, real, shape
from empirics.numerics.constants import Constant
from empirics.numerics.errors import InputError
from empirics.tasks.float_errors import FloatErrors, quadratic_errors
from empirics.tasks.forms import QuadraticForm
from empirics.tasks.noise import Noise, sampler_of, with_noise
from empirics.tasks.quadratic_constants import lower_bound, quadratic_constants
from empirics.tasks.task import Task

# On a CPU torch multiplies in a plain loop when a matrix takes fewer multiplications than this, else in a library.
_LIBRARY = 400


class QuadraticLosses(Task):
    """Losses f_i(w) = (w - c_i)^T A_i (w - c_i) / 2 of parameters A and c; B and gamma_G are stated on a ball only."""

    _radius: float | None

    def raw_loss(self, w: Tensor) -> Tensor:
        """Value of the quadratic form."""
        offset = w - self.parameter("c")
        return (apply_symmetric(offset, self.parameter("A")) * offset).sum(-1) / 2

    def raw_gradient(self, w: Tensor) -> Tensor:
        """A_i (w - c_i)."""
        return apply_symmetric(w - self.parameter("c"), self.parameter("A"))

    def raw_hvp(self, w: Tensor, v: Tensor) -> Tensor:
        """A_i v, the same at every w."""
        return apply_symmetric(v, self.parameter("A"))

    @property
    def radius(self) -> float | None:
        """That of B and gamma_G, if it was given."""
        return self._radius

    @property
    def everywhere(self) -> bool:
        """True without a radius: then neither B nor gamma_G is stated."""
        return self._radius is None

    def contains(self, w: Any) -> Tensor:
        """norm(w) <= radius, true everywhere without a radius."""
        points, leading = self.as_points(w)
        limit = math.inf if self._radius is None else self._radius
        return (points.norm(dim=-1) <= limit).reshape(*leading, self.n)


class QuadraticTask(QuadraticLosses):
    r"""f_i(w) = (w - c_i)^T A_i (w - c_i) / 2 + e_i, with A_i symmetric and possibly indefinite.

    L and mu are certified (exact when they are short dyadic numbers and d <= 8), rho = 0 and gamma_H is global. The
    gradient is unbounded, so B and gamma_G exist on a ball only: with `radius` r they are stated on norm(w) <= r, and
    `empirics.certificates.confinement.ball` proves that no possible run leaves it.

    Args:
        A: (n, d, d), symmetric within 1e-12 of its largest entry (then symmetrised).
        c: centres (n, d).
        e: offsets (n,), default 0.
        radius: radius r > 0 of the ball about 0 on which B and gamma_G are stated.
        noise: bounded sampling noise (`Noise`).

    Raises:
        InputError: a wrong shape, an asymmetric A_i, a non-finite entry, radius <= 0.

    >>> task = QuadraticTask(A=[[[2.0]], [[4.0]]], c=[[1.0], [0.0]], radius=3.0)
    >>> task.gradient([0.0])
    tensor([[-2.],
            [ 0.]], dtype=torch.float64)
    >>> task.constants()["L"]
    Constant(value=4.0, side='exact', note='max_i norm(A_i)')
    """

    family = "quadratic"
    spreads_follow_agents = True

    def __init__(
        self, A: Any, c: Any, e: Any = None, *, radius: float | None = None, noise: Noise | None = None
    ) -> None:
        """Check and store A, c, e."""
        matrices = array("A", A, "(n, d, d)", 3)
        n, d, _ = matrices.shape
        shape("A", matrices, (n, d, d), "(n, d, d)")
        skew = (matrices - matrices.mT).abs().amax(dim=(1, 2))
        if bool((skew > 1e-12 * matrices.abs().amax()).any()):
            agent = int(skew.argmax())
            raise InputError(
                f"A[{agent}] differs from its transpose by {float(skew[agent]):.3g}: expected a symmetric matrix"
            )
        centres = shape("c", array("c", c, "(n, d)", 2), (n, d), "(n, d)")
        offsets = shape("e", array("e", torch.zeros(n) if e is None else e, "(n,)", 1), (n,), "(n,)")
        parameters = {
            "A": (matrices + matrices.mT) / 2,
            "c": centres.to(matrices.dtype),
            "e": offsets.to(matrices.dtype),
        }
        super().__init__(d, with_noise(parameters, noise, n, d), sampler=sampler_of(noise))
        self._radius = None if radius is None else real("radius", radius, above=0)

    def raw_loss(self, w: Tensor) -> Tensor:
        """Value of the quadratic form, plus e_i."""
        return super().raw_loss(w) + self.parameter("e")

    def float_errors(self, radius: float) -> FloatErrors | None:
        """Of plain products and sums."""
        form = self.quadratic()
        return None if form is None else quadratic_errors(*form.doubled().arrays(), radius)

    def quadratic(self) -> QuadraticForm | None:
        """A, c and e of all agents."""
        if not self.unchanged_since(QuadraticTask):
            return None
        return QuadraticForm(self.whole("A"), self.whole("c"), self.whole("e"))

    def on_ball(self, radius: float) -> Self:
        """The same losses and samples, with B and gamma_G stated on that ball."""
        bounded = copy.copy(self)
        bounded._radius, bounded._cache = real("radius", radius, above=0), {}
        return bounded

    def own_constants(self) -> dict[str, Constant]:
        """L, mu, rho = 0, gamma_H, and with a radius B and gamma_G."""
        return quadratic_constants(self.arrays(), self.radius)

    def third_derivative_change(self) -> Constant:
        """0: there is no third derivative."""
        return Constant(0.0, "exact", "quadratic")

    def loss_lower_bound(self) -> Constant:
        """Mean of the e_i when every A_i is positive semidefinite; with a radius, a bound on the ball otherwise."""
        return lower_bound(self.arrays(), self.radius)


def apply_symmetric(x: Tensor, matrices: Tensor) -> Tensor:
    """A_i x_i for x (R, n, d) and symmetric A (n, d, d), replicas as rows of one product each, or A (R, m, d, d)."""
    if matrices.dim() == 3 and len(x) > 1:
        return _products(x.transpose(0, 1), matrices).transpose(0, 1)
    return _products(x.reshape(-1, 1, x.shape[-1]), matrices.flatten(0, -3)).view(x.shape)


def _products(rows: Tensor, matrices: Tensor) -> Tensor:
    """Rows (n, R, d) times matrices (n, d, d); a row is taken twice where that makes a library multiply it."""
    count, d = rows.shape[1:]
    if 2 * count * d * d >= _LIBRARY > count * d * d and rows.device.type == "cpu":
        return torch.bmm(torch.cat((rows, rows), dim=1), matrices)[:, :count]
    return torch.bmm(rows, matrices)
