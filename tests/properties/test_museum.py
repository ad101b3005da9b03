"""Every classic mistake is caught within the default budget, and every property earns its place."""

from __future__ import annotations

import pytest

from empirics.testing.arrays import arrays_of
from empirics.testing.checkers import search_results
from empirics.testing.tables import CHECKERS
from tests.properties.matrix import BUDGET, BY_NAME, catchers, mistakes_of
from tests.properties.museum import MISTAKES

pytestmark = pytest.mark.museum


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.name}-{m.checker}-{m.caught_by}")
def test_mistake_is_caught_by(mistake, record_property):
    caught = catchers(mistake)
    record_property("museum", (mistake.checker, mistake.name, caught))
    assert mistake.caught_by in caught


def test_the_museum_is_large():
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 20


@pytest.mark.parametrize(
    ("checker", "name"),
    [pytest.param(c, own.name, id=f"{c.name}-{own.name}") for c in CHECKERS for own in c.properties],
)
def test_property_is_the_only_catcher_or_one_of_two(checker, name):
    few = [
        mistake.name for mistake in mistakes_of(checker) if name in (caught := catchers(mistake)) and len(caught) <= 2
    ]
    assert few, f"remove {name}, or find the mistake that only it would catch"


@pytest.mark.parametrize("name", ["shortcut_for_one_step", "first_hessian_batch_for_every_step", "mean_of_chunk_means"])
def test_the_matrix_is_what_the_checkers_find(name):
    mistake = next(mistake for mistake in MISTAKES if mistake.name == name)
    checker, arrays = BY_NAME[mistake.checker], arrays_of(mistake.dtype)
    found = search_results(checker, mistake.make(), (mistake.mode,), arrays, BUDGET)
    assert tuple(own.name for own, _, outcome in found if outcome.failure) == catchers(mistake)
