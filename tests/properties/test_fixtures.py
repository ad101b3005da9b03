"""The fixtures of `empirics.testing.fixtures`, and the profile that they run in."""

from __future__ import annotations

from hypothesis import settings

from empirics.testing.fixtures import (
    _profile,
    checked_meta_gradient,  # noqa: F401
    checked_round,  # noqa: F401
    checked_stochastic,  # noqa: F401
)
from tests.properties.implementations import right, right_round, right_stochastic


def test_the_checkers_as_fixtures(checked_meta_gradient, checked_stochastic, checked_round):  # noqa: F811
    options = {"dtype": "numpy.float64", "max_examples": 1, "nu": 1}
    assert checked_meta_gradient(right, **options).checker == "check_meta_gradient"
    assert checked_stochastic(right_stochastic, **options).checker == "check_stochastic"
    assert checked_round(right_round, **options).checker == "check_round"


def test_the_profile_is_that_of_hypothesis():
    before = settings.get_current_profile_name()
    try:
        settings.load_profile("thorough")
        assert _profile() == "thorough"
        settings.load_profile("default")
        assert _profile() == "ci"
    finally:
        settings.load_profile(before)
