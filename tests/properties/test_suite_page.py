"""The pages about the suite run as they stand."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from tests.properties.against_gradcheck import table

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(("page", "least"), [("meta-gradient-suite.md", 10), ("public-implementations.md", 8)])
def test_the_examples_of_the_page_run(page, least):
    results = doctest.testfile(str(DOCS / page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted >= least
    assert results.failed == 0


@pytest.mark.slow
def test_the_table_beside_gradcheck_is_what_comes_out():
    assert table() in (DOCS / "meta-gradient-suite.md").read_text()
