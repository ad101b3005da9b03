"""The suite must notice: wrong versions of every bound, each below the right one and nearly all refuted."""

from __future__ import annotations

from collections import Counter

import pytest

from reports.analyses.planted import SUBTLE, Trial, catalogue, planted_section, run_trials, score
from reports.wrong_versions import CONSTANT, Planted, swap, times
from tests.reports.test_statement_records import NOT_MEASURED
from tests.reports.witnessed import Witnessed
from theory.tables import default_table

# the right bound is loose there: shown with the largest ratio
UNREFUTED = {"T1a: T1a.N: the noise halved"}


@pytest.fixture
def trials(witnessed: Witnessed) -> tuple[Trial, ...]:
    return witnessed.trials


def test_the_catalogue_is_wide_and_subtle_enough(trials) -> None:
    total = score(trials)
    assert total.total >= 60
    assert total.kinds >= 6
    assert total.subtle >= 15
    assert min(Counter(trial.planted.statement for trial in trials).values()) >= 2
    named = {trial.planted.statement for trial in trials}
    derived = {bound.id for bound in default_table().bounds() if bound.provenance == "derived"}
    assert named >= derived - NOT_MEASURED
    assert len({trial.planted.name for trial in trials}) == total.total


def test_every_wrong_version_is_strictly_below_the_right_one_somewhere(trials) -> None:
    assert [trial.planted.name for trial in trials if not trial.below] == []
    assert all(trial.factor > 1 for trial in trials)


def test_at_least_95_percent_are_refuted_and_the_rest_is_known(trials) -> None:
    assert score(trials).share >= 0.95
    left = {trial.planted.name for trial in trials if not trial.refuted}
    assert left <= UNREFUTED
    assert all(trial.why and trial.ratio is not None and trial.ratio <= 1 for trial in trials if not trial.refuted)


def test_most_subtle_ones_are_refuted(trials) -> None:
    subtle = [trial for trial in trials if trial.subtle]
    assert sum(trial.refuted for trial in subtle) >= 0.95 * len(subtle)
    assert any(trial.factor <= SUBTLE for trial in subtle if trial.refuted)


def test_the_right_bounds_are_not_refuted_by_the_same_evidence(witnessed: Witnessed) -> None:
    def larger(id: str) -> str:
        return "0.9999999" if id == "S10" else "1.0000001"  # the right side of S10 is negative

    bounds = default_table().bounds()
    same = [Planted(b.id, b.quantity, CONSTANT, "itself, a little larger", times(larger(b.id))) for b in bounds]
    assert not any(trial.refuted for trial in run_trials(same, witnessed.measurements))


def test_a_change_that_does_not_occur_is_an_error() -> None:
    planted = Planted("S2", "S2", CONSTANT, "nothing", swap("D_H", "1"))
    with pytest.raises(ValueError, match="does not occur"):
        planted.planted_in(default_table())


def test_only_exact_evidence_refutes(witnessed: Witnessed) -> None:
    assert all(hasattr(measurement.evidence, "lower") for measurement in witnessed.measurements)


def test_the_section_lists_every_version(trials) -> None:
    section = planted_section(trials)
    assert len(section.tables[1].lines) == len(trials) == len(catalogue()) + 4
    assert sum(line[1] for line in section.tables[0].lines) == len(trials)
