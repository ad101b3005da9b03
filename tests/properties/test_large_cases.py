"""Beyond the sizes that are searched: mistakes that only many steps, agents or dimensions show, and small reports."""

from __future__ import annotations

import pytest

from empirics.algorithm.modes import FULL_BATCH
from empirics.testing import CheckFailedError, check_meta_gradient, check_round, check_stochastic
from empirics.testing.arrays import arrays_of
from empirics.testing.ask import Ask
from empirics.testing.large import MOST, Size, large_case, sizes
from empirics.testing.rounds import AskRound
from empirics.testing.sampled import AskSampled
from tests.properties.implementations import right, right_round, right_stochastic

NUMPY = {"dtype": "numpy.float64", "max_examples": 1}


@pytest.mark.parametrize("kind", [Ask, AskSampled, AskRound])
def test_sizes_reach_the_ceilings_and_no_further(kind):
    chosen = list(sizes(kind, 200, seed=0))
    assert max(size.nu for size in chosen) == MOST.nu == 12
    assert all(size.d <= MOST.d and size.n <= MOST.n and size.tau <= MOST.tau for size in chosen)
    if kind is AskRound:
        assert max(size.n for size in chosen) >= 37
        assert max(size.tau for size in chosen) == 12
    else:
        assert max(size.d for size in chosen) >= 60


@pytest.mark.parametrize("mode", FULL_BATCH)
@pytest.mark.parametrize("query", [False, True])
def test_a_large_case_is_what_it_says_and_right_code_holds_it(mode, query):
    case = large_case(Ask, mode, query)(Size(d=64, nu=12))
    assert (case.problem.d, case.nu, case.problem.query is not case.problem.support) == (64, 12, query)
    assert 0 < case.rounding(2.0**-52) < 1e-6
    if not query:
        found = Ask(right, arrays_of("numpy.float64"))
        assert found(case).shape == (64,)


def test_a_block_of_sixteen_coordinates_is_found_and_reduced():
    def blocked(f, w, alpha, nu, mode, delta):
        g = right(f, w, alpha, nu, mode, delta)
        return g if len(w) <= 16 else right(f, w, alpha, 0, mode, delta)

    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(blocked, **NUMPY)
    (found,) = caught.value.failures
    assert (found.property, found.case.problem.d, found.case.nu) == ("jacobian_product", 17, 1)


def test_a_limit_of_ten_steps_is_found_and_named():
    def limited(f, w, alpha, nu, mode, delta):
        return right(f, w, alpha, min(nu, 10), mode, delta)

    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(limited, **NUMPY)
    assert [(each.property, each.case.nu) for each in caught.value.failures] == [("jacobian_product", 11)]


def test_chunks_of_sixteen_agents_are_found():
    def chunked(problems, w, setting):
        means = [right_round(problems[i : i + 16], w, setting) for i in range(0, len(problems), 16)]
        return sum(means) / len(means)

    with pytest.raises(CheckFailedError) as caught:
        check_round(chunked, **NUMPY)
    (found,) = caught.value.failures
    assert (found.property, len(found.case.problems), found.case.setting.tau) == ("local_steps", 17, 1)


def test_ten_stochastic_steps_at_most_are_found():
    def limited(samples, w, alpha, nu, mode, delta):
        return right_stochastic(samples, w, alpha, min(nu, 10), mode, delta)

    with pytest.raises(CheckFailedError) as caught:
        check_stochastic(limited, **NUMPY)
    assert [(each.property, each.case.nu) for each in caught.value.failures] == [("noiseless", 11)]
