"""The waterfall: its product is predicted / measured exactly, and its stages are what they say."""

from __future__ import annotations

import math

import pytest

import theory
from reports.analyses.slack import slack_section
from reports.measure.waterfall import STAGES, Waterfall, waterfall
from reports.plans.plan import load_plan
from reports.records.execution import execute, specification_of
from reports.records.seeded_cell import seeded_cells
from reports.records.store import Store


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Waterfall, object]]:
    folder = tmp_path_factory.mktemp("records")
    result = []
    for seeded in seeded_cells(load_plan("quick").only({"T2", "T3"}), seed=0, seeds=1, device="cpu"):
        if seeded.task.name not in ("quadratic", "cosine"):
            continue
        arrays = dict(Store(folder).read(execute(seeded, folder).key).arrays)
        specification = specification_of(seeded)
        for bound in seeded.cell.statements:
            one = waterfall(specification, arrays["iterates"], bound)
            if one is not None:
                result.append((one, specification))
    return result


def test_both_rates_and_all_modes_have_one(found) -> None:
    assert {one.bound for one, _ in found} == {"T2", "T3"}
    assert len({one.mode for one, _ in found}) == 6


def test_the_product_of_the_steps_is_predicted_over_measured(found) -> None:
    for one, specification in found:
        assert len(one.values) == len(STAGES)
        assert one.values[0] == theory.quantity(one.bound).value(**specification.inputs)
        # six roundings of a quotient and five of products
        assert math.prod(one.factors) == pytest.approx(one.values[0] / one.values[-1], rel=1e-14)


def test_smaller_constants_never_raise_the_right_side(found) -> None:
    for one, _ in found:
        assert one.factors[0] >= 1 - 1e-12  # the hull lies inside the set of the global constants
        assert one.factors[1] >= 1 - 1e-12
        assert one.values[0] >= one.values[-1]


def test_the_measured_drift_stage_still_bounds_what_was_measured_without_randomness(found) -> None:
    for one, specification in found:
        if specification.surely_one_path and one.bound == "T2" and one.mode == "exact":
            # -<a, a + R> identity and smoothness: 2 decrease/(beta tau K) + mean norm(R)^2 >= mean norm(a)^2 for h <= 1
            assert one.values[5] >= one.values[6] * (1 - 1e-9)


def test_the_section_shows_every_run(found) -> None:
    section = slack_section([one for one, _ in found], [3 * one.values[-1] for one, _ in found])
    assert section is not None
    assert len(section.tables[0].lines) == len(found)
    assert slack_section([], []) is None
    assert [line[-1] for line in section.tables[0].lines] == pytest.approx([3.0] * len(found))
