"""Stage b: the tests marked `gpu`, file by file in processes of their own, and their counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.gpu.process import ROOT, python
from benchmarks.gpu.stage import Bench, Finding, Stage

_NONE_COLLECTED = 5


class MarkedTests(Stage):
    """`pytest -m gpu -n 0` on every file that marks a test so; none collected, or all skipped, is no failure."""

    name, title, share, rehearsal_share = "tests", "the tests marked gpu", 0.14, 0.14

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """One finding a file, one for each test that failed, and their counts together."""
        total: dict[str, int] = dict.fromkeys(("passed", "failed", "skipped"), 0)
        for place, path in enumerate(path for path in sorted((ROOT / "tests").rglob("test_*.py")) if marks(path)):
            file, report = str(path.relative_to(ROOT)), bench.folder / f"tests-{place}.xml"
            options = ("-m", "pytest", "-m", "gpu", "-n", "0", "-q", f"--junitxml={report}", file)
            python(bench, f"pytest -m gpu {file}", *options, fine=(0, 1, _NONE_COLLECTED))
            whole, *bad = counts(report.read_text(encoding="utf-8"), file)
            yield whole
            yield from bad
            total = {kind: total[kind] + whole.facts[kind] for kind in total}
        # on a GPU, tests that are all skipped show nothing
        seen = total["passed"] > 0 if bench.kind == "cuda" else None
        yield Finding("tests marked gpu", total, agrees=seen and not total["failed"])


def marks(path: Path) -> bool:
    """Whether a file of tests marks one `gpu`."""
    return "pytest.mark.gpu" in path.read_text(encoding="utf-8")


def counts(report: str, file: str) -> Iterator[Finding]:
    """Findings from pytest's XML of a file: its counts, then every test that failed with its message."""
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    kinds = {kind: [case for case in cases if case.find(kind) is not None] for kind in ("failure", "error", "skipped")}
    bad = [*kinds["failure"], *kinds["error"]]
    passed = len(cases) - len(bad) - len(kinds["skipped"])
    yield Finding(file, {"passed": passed, "failed": len(bad), "skipped": len(kinds["skipped"])}, not bad and None)
    for case in bad:
        told = next(part for part in case if part.tag in ("failure", "error"))
        yield Finding(f"{case.get('classname')}::{case.get('name')}", {"message": told.get("message")}, agrees=False)
