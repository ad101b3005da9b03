"""Ten times as many examples, drawn afresh, and the climbing search, on this package's own implementations."""

from __future__ import annotations

import pytest

from empirics.algorithm.modes import FULL_BATCH, SAMPLED
from empirics.testing import check_meta_gradient, check_round, check_stochastic
from tests.properties.implementations import our_round, our_stochastic, ours

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("profile", ["thorough", "targeted"])
@pytest.mark.parametrize("mode", FULL_BATCH)
def test_meta_gradients(mode, profile):
    check_meta_gradient(ours, modes=[mode], profile=profile)


@pytest.mark.parametrize("profile", ["thorough", "targeted"])
@pytest.mark.parametrize("mode", SAMPLED)
def test_stochastic_meta_gradients(mode, profile):
    check_stochastic(our_stochastic, modes=[mode], profile=profile)


@pytest.mark.parametrize("profile", ["thorough", "targeted"])
def test_rounds(profile):
    check_round(our_round, profile=profile)
