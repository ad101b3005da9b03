"""The checkers in your own tests: `pytest_plugins = ["empirics.testing.fixtures"]` in your conftest.py.

`pytest --hypothesis-profile=thorough` then runs them, and your own `given` tests, with that profile: ci (25 examples,
the same each time), thorough (250, drawn afresh, and 25 large cases) or targeted (climbing towards failure).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import settings

from empirics.testing.budget import PROFILES, register_profiles
from empirics.testing.checkers import check_meta_gradient, check_round, check_stochastic

register_profiles()


@pytest.fixture
def checked_meta_gradient() -> Callable[..., Any]:
    """`check_meta_gradient` in the profile of this run."""
    return partial(check_meta_gradient, profile=_profile())


@pytest.fixture
def checked_stochastic() -> Callable[..., Any]:
    """`check_stochastic` in the profile of this run."""
    return partial(check_stochastic, profile=_profile())


@pytest.fixture
def checked_round() -> Callable[..., Any]:
    """`check_round` in the profile of this run."""
    return partial(check_round, profile=_profile())


def _profile() -> str:
    """The profile that hypothesis runs in, ci where it is none of the suite's."""
    current = settings.get_current_profile_name()
    return current if current in PROFILES else "ci"
