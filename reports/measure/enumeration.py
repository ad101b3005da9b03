"""Exact expectations of the stochastic meta-gradients over finite sample spaces, in balls.

A sampler that lists its samples has finitely many batches. All batches are independent, so an expectation is a finite
sum over the tree of their outcomes; outcomes with one effect are one branch. Where an outcome enters linearly (outer
gradient and Hessians in the bias of the stochastic mode), its mean is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat

from empirics.algorithm.modes import Mode
from reports.balls.ball import Vector, ball, columns_of, identity, side_by_side, squared_norm
from reports.measure.samples import Law, Samples

Path = tuple[arb, list[Vector]]


@dataclass(frozen=True)
class Sizes:
    """Of the inner gradient, outer gradient and Hessian batches."""

    D: int
    D_prime: int
    D_H: int


@dataclass(frozen=True)
class StochasticMeta:
    """The stochastic meta-gradients of one agent as a tree of outcomes."""

    samples: Samples
    alpha: arb
    nu: int
    sizes: Sizes

    def trajectories(self, w: Vector) -> list[Path]:
        """(probability, noisy trajectory w^0 ... w^nu)."""
        paths: list[Path] = [(ball(1), [w])]
        for _ in range(self.nu):
            laws = self._slopes([points[-1] for _, points in paths], self.sizes.D)
            paths = [
                (weight * p, [*points, points[-1] - gradient * self.alpha])
                for (weight, points), law in zip(paths, laws, strict=True)
                for p, gradient in law
            ]
        return paths

    def stochastic_mean(self, w: Vector) -> Vector:
        """E g: outer gradient and Hessians enter linearly and independently, so their means replace them."""
        paths, samples = self.trajectories(w), self.samples
        swept = [samples.mean(own) for own in samples.gradients([points[-1] for _, points in paths])]
        for step in reversed(range(self.nu)):
            products = samples.products([points[step] for _, points in paths], swept)
            swept = [v - samples.mean(own) * self.alpha for v, own in zip(swept, products, strict=True)]
        return expectation((weight, v) for (weight, _), v in zip(paths, swept, strict=True))

    def first_order_mean(self, w: Vector) -> Vector:
        """E g of the stochastic first-order meta-gradient."""
        paths = self.trajectories(w)
        ends = self.samples.gradients([points[-1] for _, points in paths])
        return expectation((weight, self.samples.mean(own)) for (weight, _), own in zip(paths, ends, strict=True))

    def stochastic_squared_distance(self, w: Vector, centre: Vector) -> arb:
        """E norm(g - centre)^2 of the stochastic meta-gradient, every batch enumerated.

        Given the trajectory and the Hessian batches the sweep is linear in the outer gradient, so all outcomes of that
        one are swept together, as the columns of a matrix.
        """

        def swept(factors: list[Law], chances: list[arb], columns: arb_mat) -> arb:
            if not factors:
                distances = (squared_norm(one - centre) for one in columns_of(columns))
                return sum((p * distance for p, distance in zip(chances, distances, strict=True)), ball(0))
            return sum((p * swept(factors[:-1], chances, factor * columns) for p, factor in factors[-1]), ball(0))

        paths = self.trajectories(w)
        outer = self._slopes([points[-1] for _, points in paths], self.sizes.D_prime)
        # all paths start at w
        first = self._step_factors([w]) * len(paths) if self.nu else []
        later = [self._step_factors([points[step] for _, points in paths]) for step in range(1, self.nu)]
        total = ball(0)
        for (weight, _), law, *factors in zip(paths, outer, *([first] if self.nu else []), *later, strict=True):
            columns = side_by_side([gradient for _, gradient in law])
            total = total + weight * swept(factors, [p for p, _ in law], columns)
        return total

    def stochastic(self, w: Vector) -> list[tuple[arb, Vector]]:
        """(probability, g) of the stochastic meta-gradient, every batch enumerated."""
        return self._swept(w, self.samples.products)

    def hessian_free(self, w: Vector, delta: arb) -> list[tuple[arb, Vector]]:
        """(probability, g) of the stochastic Hessian-free meta-gradient: both probes of a step share their batch."""

        def quotients(points: Sequence[Vector], along: Sequence[Vector]) -> list[list[Vector]]:
            sides = (self.samples.gradients([w + v * step for w, v in zip(points, along, strict=True)])
                     for step in (delta, -delta))  # fmt: skip
            return [
                [(ahead - behind) * (1 / (2 * delta)) for ahead, behind in zip(*own, strict=True)]
                for own in zip(*sides, strict=True)
            ]

        return self._swept(w, quotients)

    def first_order(self, w: Vector) -> list[tuple[arb, Vector]]:
        """(probability, g) of the stochastic first-order meta-gradient."""
        return [(weight, v) for weight, _, v in self._outer(w)]

    def tree_size(self, mode: Mode, w: Vector, *, mean_alone: bool = False) -> int:
        """How many leaves the tree of outcomes has that starts at w, to be looked at before it is walked.

        Outcomes are counted at w and beside it, since samples may agree at one point by chance. `mean_alone`: a mean of
        the stochastic mode walks the trajectories, and nothing more.

        Raises:
            TooManyBatchesError: not even the batches of one size can be walked.
        """
        beside = [w, w + arb_mat(w.nrows(), 1, [arb(1) / (j + 3) for j in range(w.nrows())])]
        inner = max(map(len, self._slopes(beside, self.sizes.D)))
        if mean_alone:
            return inner**self.nu
        outer = max(map(len, self._slopes(beside, self.sizes.D_prime)))
        hessian = mode.hessian_batches(self.nu)
        bent = max(map(len, self._step_factors(beside))) if hessian else 1
        return inner**self.nu * outer * bent**hessian

    def leaves_at_most(self, mode: Mode) -> int:
        """A number that `tree_size` does not exceed, from the number of samples alone."""

        def batches(size: int) -> int:
            return self.samples.batches_at_most(size)

        hessian = mode.hessian_batches(self.nu)
        return batches(self.sizes.D) ** self.nu * batches(self.sizes.D_prime) * batches(self.sizes.D_H) ** hessian

    def _slopes(self, points: Sequence[Vector], size: int) -> list[Law]:
        return [self.samples.law(size, own) for own in self.samples.gradients(points)]

    def _step_factors(self, points: Sequence[Vector]) -> list[Law]:
        """(probability, I - alpha H) for every Hessian batch at every point."""
        eye = identity(points[0].nrows())
        return [
            [(p, eye - hessian * self.alpha) for p, hessian in self.samples.law(self.sizes.D_H, own)]
            for own in self.samples.hessians(points)
        ]

    def _outer(self, w: Vector) -> list[tuple[arb, list[Vector], Vector]]:
        """(probability, trajectory, outer batch gradient)."""
        paths = self.trajectories(w)
        laws = self._slopes([points[-1] for _, points in paths], self.sizes.D_prime)
        return [
            (weight * p, points, gradient)
            for (weight, points), law in zip(paths, laws, strict=True)
            for p, gradient in law
        ]

    def _swept(
        self, w: Vector, products: Callable[[Sequence[Vector], Sequence[Vector]], list[list[Vector]]]
    ) -> list[tuple[arb, Vector]]:
        """`products`: what each sample gives for the Hessian at every point times the point's vector."""
        states = self._outer(w)
        for step in reversed(range(self.nu)):
            found = products([points[step] for _, points, _ in states], [v for _, _, v in states])
            states = [
                (weight * p, points, v - product * self.alpha)
                for (weight, points, v), own in zip(states, found, strict=True)
                for p, product in self.samples.law(self.sizes.D_H, own)
            ]
        return [(weight, v) for weight, _, v in states]


def expected_squared_distance(law: Iterable[tuple[arb, Vector]], centre: Vector) -> arb:
    """E norm(g - centre)^2 over a finite law."""
    return sum((weight * squared_norm(g - centre) for weight, g in law), ball(0))


def expectation(law: Iterable[tuple[arb, Vector]]) -> Vector:
    """E g over a finite law."""
    total: Vector | None = None
    for weight, g in law:
        total = g * weight if total is None else total + g * weight
    assert total is not None
    return total
