"""Stage b: the tests marked `gpu`, in a process of their own, and their counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.gpu.process import ROOT, python
from benchmarks.gpu.stage import Bench, Finding, Stage

_NONE_COLLECTED = 5


class MarkedTests(Stage):
    """`pytest -m gpu -n 0` on the files that mark a test so; none collected, or all skipped, is no failure."""

    name, title, share, rehearsal_share, judges = "tests", "the tests marked gpu", 0.14, 0.14, True

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """One finding for the whole, and one for each test that failed."""
        files = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob("test_*.py")) if marks(path)]
        report = bench.folder / "tests.xml"
        options = ("-m", "pytest", "-m", "gpu", "-n", "0", "-q", f"--junitxml={report}", *files)
        python(bench, "pytest", *options, fine=(0, 1, _NONE_COLLECTED))
        yield from counts(report.read_text(encoding="utf-8"), bench.kind)


def marks(path: Path) -> bool:
    """Whether a file of tests marks one `gpu`."""
    return "pytest.mark.gpu" in path.read_text(encoding="utf-8")


def counts(report: str, kind: str) -> Iterator[Finding]:
    """Findings from pytest's XML: all counts, then every test that failed with its message.

    On the CPU nothing is compared when every test was skipped; on a GPU that is a disagreement.
    """
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    kinds = {kind: [case for case in cases if case.find(kind) is not None] for kind in ("failure", "error", "skipped")}
    bad = [*kinds["failure"], *kinds["error"]]
    facts = {"passed": len(cases) - len(bad) - len(kinds["skipped"])}
    facts |= {"failed": len(bad), "skipped": len(kinds["skipped"])}
    ran = facts["passed"] + facts["failed"] > 0
    compared = not bad and ran if ran or kind == "cuda" else None
    yield Finding("tests marked gpu", facts, agrees=compared)
    for case in bad:
        told = case.find("failure") if case.find("failure") is not None else case.find("error")
        assert told is not None
        yield Finding(f"{case.get('classname')}::{case.get('name')}", {"message": told.get("message")}, agrees=False)
