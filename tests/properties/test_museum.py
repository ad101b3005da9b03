"""Every mistake is caught within the default budget and told with its cause, and every property earns its place."""

from __future__ import annotations

import pytest

from empirics.testing import CheckFailedError, checkers
from empirics.testing.arrays import arrays_of
from empirics.testing.property_search import search_results
from empirics.testing.tables import CHECKERS
from tests.properties.matrix import BUDGET, BY_NAME, catchers, caught, mistakes_of
from tests.properties.museum import MISTAKES, classic, met

pytestmark = pytest.mark.museum


def named(mistakes):
    return [pytest.param(each, id=f"{each.name}-{each.checker}-{each.caught_by}") for each in mistakes]


@pytest.mark.parametrize("mistake", named(classic()))
def test_mistake_is_caught_by(mistake, record_property):
    found = catchers(mistake)
    record_property("museum", (mistake.checker, mistake.name, found))
    assert mistake.caught_by in found


# every second one by default, for time; the slow form below has them all
@pytest.mark.parametrize("mistake", named(met()[::2]))
def test_mistake_met_is_caught_and_its_cause_is_told(mistake):
    assert mistake.told in caught(mistake)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", named(MISTAKES))
def test_the_report_tells_the_cause_and_no_other(mistake):
    check = getattr(checkers, mistake.checker)
    with pytest.raises(CheckFailedError) as failed:
        check(mistake.make(), modes=[mistake.mode], dtype=mistake.dtype, **mistake.options)
    causes = [failure.cause for failure in failed.value.failures]
    assert mistake.told in causes[0]
    # What is claimed of the numbers is claimed for all failures together.
    assert all(mistake.told in cause for cause in causes if "to rounding" in cause)


def test_the_museums_are_large():
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)
    assert len(classic()) >= 56
    assert len(met()) >= 80


# of the suite rather than of what it checks
@pytest.mark.slow
@pytest.mark.parametrize(
    ("checker", "name"),
    [pytest.param(c, own.name, id=f"{c.name}-{own.name}") for c in CHECKERS for own in c.properties],
)
def test_property_is_the_only_catcher_or_one_of_two(checker, name):
    likely_first = sorted(mistakes_of(checker), key=lambda mistake: mistake.caught_by != name)
    few = (name in (found := catchers(mistake)) and len(found) <= 2 for mistake in likely_first)
    assert any(few), f"remove {name}, or find the mistake that only it would catch"


@pytest.mark.parametrize("name", ["shortcut_for_one_step", "first_hessian_batch_for_every_step", "mean_of_chunk_means"])
def test_the_matrix_is_what_the_checkers_find(name):
    mistake = next(mistake for mistake in MISTAKES if mistake.name == name)
    checker, arrays = BY_NAME[mistake.checker], arrays_of(mistake.dtype)
    found = search_results(checker, mistake.make(), (mistake.mode,), arrays, BUDGET)
    assert tuple(own.name for own, _, outcome in found if outcome.failure) == catchers(mistake)
