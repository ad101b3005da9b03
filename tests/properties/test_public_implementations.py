"""What docs/public-implementations.md says of libraries that are installed beside this one: `pytest -m external`."""

from __future__ import annotations

import pytest

from empirics.testing import CheckFailedError, check_meta_gradient, on_episodes, on_modules
from tests.properties import public

pytestmark = [pytest.mark.external, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize(
    ("library", "f", "mode"),
    [
        ("higher", on_modules(public.with_higher), "exact"),
        ("higher", on_modules(public.with_higher_first_order), "first_order"),
        ("higher", on_episodes(public.episodes_with_higher), "exact"),
        ("torchopt", on_modules(public.with_torchopt), "exact"),
    ],
    ids=["higher", "higher_first_order", "higher_episodes", "torchopt"],
)
def test_it_holds_every_property(library, f, mode):
    pytest.importorskip(library)
    check_meta_gradient(f, modes=[mode])


@pytest.mark.parametrize(
    ("library", "f", "words"),
    [
        ("higher", on_modules(public.with_higher_copied), "the graph to the parameters was cut"),
        ("torchopt", on_modules(public.with_torchopt_not_recovered), "the call changes"),
    ],
    ids=["higher_copied", "torchopt_not_recovered"],
)
def test_what_is_easily_left_out_is_told(library, f, words):
    pytest.importorskip(library)
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(f)
    assert words in caught.value.failures[0].cause
