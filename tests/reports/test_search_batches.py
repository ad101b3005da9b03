"""The search's batches: losses against NumPy, sweeps against the loop, and how large they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from reports.refutation import search
from reports.refutation.families.catalogue import FAMILIES
from reports.refutation.family import Family
from reports.refutation.losses import BrokenLine, Parabola, Wave, exact, probed, swept, trajectory
from reports.refutation.search import POPULATION, Question, decode, explore, ratios
from theory.tables import default_table

KNOTS = torch.tensor([-2.0, -0.5, 0.25, 1.0, 3.0], dtype=torch.float64)


def _line(count: int = 6) -> BrokenLine:
    generator = torch.Generator().manual_seed(4)
    heights = 2 * torch.rand(5, count, generator=generator, dtype=torch.float64) - 1
    return BrokenLine(KNOTS, heights, torch.linspace(-1, 1, count, dtype=torch.float64))


@pytest.mark.parametrize("at", [-4.0, -2.0, -1.0, -0.5, 0.0, 0.1, 0.25, 2.0, 3.0, 5.0])
def test_a_broken_line_is_interpolated_and_integrated(at: float) -> None:
    f = _line()
    w = torch.full((6,), at, dtype=torch.float64)
    fine = np.sort(np.concatenate([KNOTS.numpy(), [0.0, at]]))
    for instance in range(6):
        heights = np.interp(fine, KNOTS.numpy(), f.heights[:, instance].numpy())
        assert float(f.bend(w)[instance]) == pytest.approx(heights[np.searchsorted(fine, at)], abs=1e-15)
        # Trapezoids between 0, the point and the knots in between are exact for a broken line.
        inside = (fine >= min(0.0, at)) & (fine <= max(0.0, at))
        x, y = fine[inside], heights[inside]
        area = float(((y[1:] + y[:-1]) / 2 * np.diff(x)).sum()) * (1 if at >= 0 else -1)
        assert float(f.slope(w)[instance]) == pytest.approx(float(f.at_zero[instance]) + area, abs=1e-14)


def test_the_largest_slope_is_that_of_a_fine_grid() -> None:
    f = _line()
    grid = torch.linspace(-2, 3, 20_001, dtype=torch.float64)
    seen = torch.stack([f.slope(point.expand(6)) for point in grid]).abs().amax(0)
    # The slope is 1-Lipschitz and has a flat top between two grid points at most 2.5e-4 apart.
    assert bool((f.largest_slope() >= seen - 1e-14).all())
    assert bool((f.largest_slope() <= seen + 1e-7).all())


@pytest.mark.parametrize("nu", [0, 1, 3])
def test_the_engine_evaluates_every_instance_with_its_own_step(nu: int) -> None:
    alpha = torch.tensor([0.1, 0.5, 1.5], dtype=torch.float64)
    noise, added = [torch.tensor([0.25, -1.0, 0.5], dtype=torch.float64)] * nu, torch.tensor([1.0, 0.0, -0.5])
    w, delta = torch.tensor([0.3, -0.7, 1.0], dtype=torch.float64), torch.tensor([0.5, 1e-2, 0.1], dtype=torch.float64)
    one = torch.ones(3, dtype=torch.float64)
    for f in (Parabola(alpha, -w), Wave(one, 0.5 * one, 2 * one, w)):
        points = [w]
        for step in range(nu):
            points.append(points[-1] - alpha * (f.slope(points[-1]) + noise[step]))
        for ours, theirs in zip(trajectory(f, w, alpha, nu, list(noise)), points, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=1e-15)
        v = u = f.slope(points[-1]) + added
        for point in reversed(points[:-1]):
            v = v * (1 - alpha * f.bend(point))
            u = u - alpha * (f.slope(point + delta * u) - f.slope(point - delta * u)) / (2 * delta)
        torch.testing.assert_close(swept(f, points, alpha, added), v, rtol=1e-13, atol=1e-14)
        # The quotient magnifies roundings by 1/delta = 100.
        torch.testing.assert_close(probed(f, points, alpha, delta, added), u, rtol=1e-11, atol=1e-12)
        quiet = trajectory(f, w, alpha, nu)
        torch.testing.assert_close(exact(f, w, alpha, nu), swept(f, quiet, alpha, 0.0), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_parameters_come_from_the_box(family: Family) -> None:
    low, high = family.box().T
    for ends, name in ((low, "low"), (high, "high")):
        values = [getattr(parameter, name) for parameter in family.parameters]
        assert decode(family, ends)[0].tolist() == pytest.approx(values, rel=1e-14)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_right_statement_is_exceeded_at_random_points(family: Family) -> None:
    """A family that understates a constant sends the search after what no ball confirms."""
    low, high = family.box().T
    x = decode(family, np.random.default_rng(0).uniform(low, high, (64, len(low))))
    largest = {
        (target, str(option)): float(found[0].max())
        for target in sorted(family.targets)
        for option in [one for one in family.options if family.serves(target, one)][:8:2]
        if (found := ratios(Question(target, target[1], default_table()), family, option, x)) is not None
    }
    assert max(largest.values()) > 0
    # float64 rounds differences of losses
    assert {where: ratio for where, ratio in largest.items() if ratio > 1 + 1e-6} == {}


def test_every_generation_evaluates_at_least_ten_thousand_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    plain = search.ratios

    def counted(question: Question, family: Family, option: Mapping[str, int], x: torch.Tensor):
        sizes.append(len(x))
        return plain(question, family, option, x)

    monkeypatch.setattr(search, "ratios", counted)
    question = Question(("S4", "L_F"), "L_F", default_table())
    explore(question, FAMILIES[0], FAMILIES[0].options, 0.5, seed=0)
    batches = [size for size in sizes if size > 1]
    assert batches[0] == POPULATION >= 10_000
    assert min(batches) >= 10_000
