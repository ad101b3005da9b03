"""An instance that only planted errors name is measured again, and what was stored of them is compared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reports.analyses.planted import FURTHER, trials_of
from reports.analyses.suite import planted_error
from reports.analyses.suite_file import SuiteFile
from reports.judging.rows import Verdict
from reports.recheck.instances import instance_again
from tests.reports.witnessed import Witnessed


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A report of which only the planted errors are looked at."""
    out: Path = tmp_path_factory.mktemp("report")
    errors = [planted_error(trial) for trial in trials_of("S2", ())]
    (out / "suite.json").write_text(SuiteFile(planted=errors).model_dump_json(), encoding="utf-8")
    return SimpleNamespace(out=out, manifest=SimpleNamespace(own=[]))


def test_every_instance_that_a_planted_error_names_is_measured_again(finished) -> None:
    names = {one.instance for one in SuiteFile.read(finished.out / "suite.json").planted}
    assert names
    for name in names:
        found = instance_again(finished, name)
        assert found is not None
        row, differences = found
        assert (row.row_id, row.verdict, differences) == (name, Verdict.HOLDS, [])


def test_a_changed_ratio_is_a_difference(finished, tmp_path) -> None:
    first, *others = SuiteFile.read(finished.out / "suite.json").planted
    changed = first.model_copy(update={"ratio": (first.ratio or 0.0) + 1.0})
    (tmp_path / "suite.json").write_text(SuiteFile(planted=[changed, *others]).model_dump_json(), encoding="utf-8")
    found = instance_again(SimpleNamespace(out=tmp_path, manifest=finished.manifest), first.instance)  # type: ignore
    assert found is not None
    assert [line.split()[0] for line in found[1]] == ["ratio"]


def test_what_no_planted_error_names_is_none(finished) -> None:
    assert instance_again(finished, "S2:nowhere:exact:nu1") is None


@pytest.mark.slow
def test_every_instance_of_the_whole_suite_is_a_witness_or_no_row_id(witnessed: Witnessed) -> None:
    from reports.statements import statements

    known = {one.row_id for one in witnessed.measurements}
    trials = [trial for name in statements() for trial in trials_of(name, ())]
    assert {trial.instance for trial in trials} <= known
    assert {one.instance for further in FURTHER.values() for one in further() if ":" in one.instance} <= known
