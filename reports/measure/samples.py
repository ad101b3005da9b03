"""What a sampler lists, read from the loss that runs: each agent's single samples, and the law of a batch's mean."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import flint
import torch
from flint import arb, arb_mat

from empirics import Task
from empirics.graphs.recording import UntraceableError
from empirics.numerics.errors import InputError
from empirics.numerics.randomness import Draws
from empirics.tasks.sampler import listed
from reports.balls import ball
from reports.balls.ball import BallLoss, Vector, column, columns_of, identity, side_by_side
from reports.balls.operations.operation import UnknownOperationError
from reports.balls.recorded import batches_side_by_side, recorded_batches
from reports.balls.side_by_side import SideBySide
from reports.tasks.derivatives import PROMISED, looked_at, some

Law = list[tuple[arb, arb_mat]]
"""(probability, what a batch gives), each outcome once."""

# Batches that are told apart by their samples, before those of one mean are taken together.
_MOST_BATCHES, _MOST_DIGITS = 100_000, 10_000_000
# Samples of all agents that are read: each is a program of its own.
_MOST_SAMPLES = 10_000
# Single samples that are looked at in balls, and batches that are drawn.
_SAMPLES, _DRAWN = 4, 16


class TooManyBatchesError(ValueError):
    """More batches of a size than can be walked."""


@dataclass(frozen=True, eq=False)
class Samples:
    """One agent's single samples: their probabilities, of sum 1, and their losses.

    `together`: the same losses, evaluated at many points in one sweep.
    `replaces`: the samples of a batch are independent; else a batch has none twice, and all are equally likely.
    """

    weights: tuple[Fraction, ...]
    losses: tuple[BallLoss, ...]
    together: SideBySide
    replaces: bool

    def gradients(self, points: Sequence[Vector]) -> list[list[Vector]]:
        """At every point the gradient of every sample's loss."""
        return self.together.gradients(points)

    def products(self, points: Sequence[Vector], along: Sequence[Vector]) -> list[list[Vector]]:
        """At every point the Hessian of every sample's loss times the point's vector."""
        return [own for (own,) in self.together.products(points, [[v] for v in along])]

    def hessians(self, points: Sequence[Vector]) -> list[list[arb_mat]]:
        """At every point the Hessian (d, d) of every sample's loss."""
        units = columns_of(identity(points[0].nrows()))
        found = self.together.products(points, [units] * len(points))
        return [[side_by_side(list(columns)) for columns in zip(*own, strict=True)] for own in found]

    def batches_at_most(self, size: int) -> int:
        """A number that the outcomes of a batch of that size do not exceed."""
        count = len(self.weights)
        return math.comb(count + size - 1, count - 1) if self.replaces else math.comb(count, min(size, count))

    def mean(self, effects: Sequence[arb_mat]) -> arb_mat:
        """The expectation of what the samples give."""
        parts = (effect * ball.ball(weight) for weight, effect in zip(self.weights, effects, strict=True))
        return sum(parts, effects[0] * 0)

    def law(self, size: int, effects: Sequence[arb_mat]) -> Law:
        """The mean of what `size` samples give, as a law; effects that agree to two thirds of the digits are one.

        Where outcomes are taken together the ball encloses them all, so no expectation leaves its enclosure.

        Raises:
            TooManyBatchesError: more than can be walked.

        >>> fair = Samples((Fraction(1, 2),) * 2, (), None, True)  # type: ignore[arg-type]
        >>> [(float(p), float(x[0, 0])) for p, x in fair.law(2, [arb_mat([[-1]]), arb_mat([[1]])])]
        [(0.25, 1.0), (0.5, 0.0), (0.25, -1.0)]
        """
        kinds = _merged((weight, effect) for weight, effect in zip(self.weights, effects, strict=True) if weight)
        if size == 1 or len(kinds) == 1:
            return [(ball.ball(weight), effect) for weight, effect, _ in kinds]
        weights, counts = tuple(weight for weight, _, _ in kinds), tuple(count for _, _, count in kinds)
        known = _independent(size, weights) if self.replaces else _distinct(size, counts)
        shares = [[effect * ball.ball(Fraction(k, size)) for k in range(size + 1)] for _, effect, _ in kinds]
        batches = [
            (chance, sum((share[k] for k, share in zip(batch, shares, strict=True) if k), effects[0] * 0))
            for batch, chance in known
        ]
        return [(ball.ball(chance), mean) for chance, mean, _ in _merged(batches)]


@lru_cache(maxsize=64)
def _independent(size: int, weights: tuple[Fraction, ...]) -> list[tuple[tuple[int, ...], Fraction]]:
    """(samples of each kind, probability) of batches of independent samples."""
    _refuse(math.comb(size + len(weights) - 1, len(weights) - 1), size, len(weights))
    found = []
    for batch in _batches(size, len(weights), None):
        chance, left = Fraction(1), size
        for k, weight in zip(batch, weights, strict=True):
            chance *= math.comb(left, k) * weight**k
            left -= k
        found.append((batch, chance))
    return found


@lru_cache(maxsize=64)
def _distinct(size: int, counts: tuple[int, ...]) -> list[tuple[tuple[int, ...], Fraction]]:
    """(samples of each kind, probability) of subsets, `counts` of the samples being of each kind."""
    _refuse(math.comb(len(counts), size), size, len(counts))
    found = list(itertools.islice(_batches(size, len(counts), counts), _MOST_BATCHES + 1))
    _refuse(len(found), size, len(counts))
    every = math.comb(sum(counts), size)
    return [(batch, Fraction(math.prod(map(math.comb, counts, batch)), every)) for batch in found]


def _refuse(batches: int, size: int, kinds: int) -> None:
    # a probability has as many digits as a batch has samples
    if batches > _MOST_BATCHES or batches * size > _MOST_DIGITS:
        raise TooManyBatchesError(
            f"batches of {size} out of {kinds} kinds of samples are more than can be listed; use smaller batches or "
            "method = 'sample'"
        )


def _batches(size: int, kinds: int, most: Sequence[int] | None) -> Iterator[tuple[int, ...]]:
    """How many samples of each kind a batch may have."""
    if kinds == 1:
        if most is None or size <= most[0]:
            yield (size,)
        return
    for first in range(size + 1 if most is None else min(size, most[0]) + 1):
        for rest in _batches(size - first, kinds - 1, None if most is None else most[1:]):
            yield (first, *rest)


def _merged(pairs: Iterable[tuple[Fraction, arb_mat]]) -> list[tuple[Fraction, arb_mat, int]]:
    """(probability, effect, how many were taken together) of outcomes whose effects agree."""
    given = list(pairs)
    parts = [effect.entries() for _, effect in given]
    largest = max((abs(x.mid()) for row in parts for x in row), default=arb(0))
    # the exponent of the last digit that counts
    quantum = (math.frexp(float(largest))[1] if largest.is_finite() else 0) - flint.ctx.prec * 2 // 3
    found: dict[tuple[int, ...], tuple[Fraction, arb_mat, int]] = {}
    for row, (weight, effect) in zip(parts, given, strict=True):
        key = tuple(_rounded(x, quantum) for x in row)
        known = found.get(key)
        if known is None:
            found[key] = weight, effect, 1
        else:
            hull = [a.union(b) for a, b in zip(known[1].entries(), row, strict=True)]
            found[key] = known[0] + weight, arb_mat(effect.nrows(), effect.ncols(), hull), known[2] + 1
    return list(found.values())


def _rounded(x: arb, quantum: int) -> int:
    man, exponent = (int(part) for part in x.mid().man_exp())
    shift = exponent - quantum
    return man << shift if shift >= 0 else (man + (1 << (-shift - 1))) >> -shift


@lru_cache(maxsize=32)
def samples_of(task: Task) -> list[Samples] | str:
    """Each agent's samples in balls; why not, where its sampler lists none, states no loss, or differs from its loss.

    Gradients and Hessian-vector products of the sampler, which runs use, are held against those of the sample's loss at
    a point, for some samples and agents.
    """
    try:
        found = listed(task)
        if found is None:
            return f"{type(task.sampler).__name__} does not list its samples (Sampler.outcomes)"
        if len(found.values) * task.n > _MOST_SAMPLES:
            return f"{len(found.values) * task.n} samples of all agents are more than the {_MOST_SAMPLES} that are read"
        losses = recorded_batches(task, found.values)
        together = batches_side_by_side(task, found.values)
    except (InputError, UntraceableError, UnknownOperationError) as error:
        return str(error)
    samples = []
    for agent, own in enumerate(losses):
        weights = [Fraction(float(weight)) for weight in found.weights[:, agent]]
        if not task.sampler.replaces and len({weight for weight in weights if weight}) > 1:
            return "samples that are not equally likely, drawn without replacement, are not enumerated"
        shares = tuple(weight / sum(weights) for weight in weights)
        samples.append(Samples(shares, tuple(own), together[agent], task.sampler.replaces))
    return _differing(task, samples, found.values) or samples


def _differing(task: Task, samples: list[Samples], values: torch.Tensor) -> str:
    """Where the sampler's own derivatives are not those of its loss, if anywhere."""
    if task.sampler.noiseless:
        return ""
    place = torch.arange(task.d, dtype=torch.float64)
    w, v = (wave.expand(1, task.n, task.d) for wave in (task.centre + torch.cos(place), torch.sin(place)))
    with flint.ctx.workprec(ball.BITS):
        for k in some(range(len(values)), _SAMPLES):
            gradients, products = (
                task.sampler.gradient(task, w.to(task.dtype), values[k : k + 1]),
                task.sampler.hvp(task, w.to(task.dtype), v.to(task.dtype), values[k : k + 1]),
            )
            for agent in looked_at(task):
                loss, at = samples[agent].losses[k], column(w[0, agent].numpy())
                pairs = (
                    ("gradient", loss.gradient(at), gradients),
                    ("Hessian-vector product", loss.hvp(at, column(v[0, agent].numpy())), products),
                )
                for name, mine, given in pairs:
                    far = ball.norm(mine - column(given[0, agent].double().numpy()))
                    if not far <= PROMISED * (1 + ball.norm(mine)):
                        return (
                            f"the sampler's {name} of sample {k} of agent {agent} differs from that of the sample's "
                            f"loss by {float(far.mid()):.3g}"
                        )
    return ""


@lru_cache(maxsize=64)
def not_as_listed(task: Task, size: int) -> str:
    """Where batches of that size, as drawn, are no means of samples that are listed, if anywhere."""
    samples = samples_of(task)
    if isinstance(samples, str) or task.sampler.noiseless:
        return samples if isinstance(samples, str) else ""
    w = (task.centre + torch.cos(torch.arange(task.d, dtype=torch.float64))).to(task.dtype)
    agents, at = looked_at(task), [column(w.double().numpy())]
    with flint.ctx.workprec(ball.BITS):
        try:
            task.sampler.check(task, size)
            laws = [samples[agent].law(size, samples[agent].gradients(at)[0]) for agent in agents]
        except (InputError, TooManyBatchesError) as error:
            return str(error)
        batch = task.draw_batch(Draws(0, 0, 0, torch.arange(_DRAWN)), "outer", size)
        drawn = task.sampler.gradient(task, w.expand(_DRAWN, task.n, task.d), batch.values).double()
        for agent, law in zip(agents, laws, strict=True):
            possible = torch.tensor([[float(x.mid()) for x in mean.entries()] for _, mean in law], dtype=torch.float64)
            # the quick way by products loses half of the digits
            near = torch.cdist(drawn[:, agent], possible, compute_mode="donot_use_mm_for_euclid_dist").amin(1)
            if not bool((near <= PROMISED * (1 + possible.norm(dim=-1).max())).all()):
                return f"a batch of {size} that was drawn for agent {agent} is no mean of samples that are listed"
    return ""
