"""Stage d: the same report on the CPU and on the device, rows reproduced, and a network too large for a CPU."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.process import python
from benchmarks.gpu.stage import Bench, Finding, Stage

ITERATES = 1e-10  # times 1 + norm: how far float64 iterates of two devices may be apart
# what a row may differ in between devices: numbers that come out of a run
_NUMBERS = ("measured", "lower", "upper", "tightness", "witness")
_REHEARSED = ("--only", "S4,S6,T1,T2")

Row = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]


class Report(Stage):
    """Rows and verdicts are those of the CPU; each difference of a measured number stands beside what is allowed."""

    name, title, share, rehearsal_share, judges = "report", "one report on two devices", 0.25, 0.32, True

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """Two builds, their rows, three rows again, one large neural row."""
        first, second = bench.folder / "cpu", bench.folder / "device"
        only = _REHEARSED if bench.rehearsal else ()
        # without a GPU, what differs between the two is how the work is divided
        jobs = ("--jobs", "1") if bench.rehearsal else ()
        for device, out, more in (("cpu", first, ()), (bench.kind, second, jobs)):
            status = _build(bench, "--profile", "quick", *only, *more, "--device", device, "--out", str(out))
            yield Finding(f"reports.build --profile quick on {device}", {"exit status": status}, agrees=status == 0)
        yield from differences(_rows(first), _rows(second), records(second))
        for row_id in chosen(_rows(second)):
            status = _build(bench, "--out", str(second), "--reproduce", row_id)
            yield Finding(f"--reproduce {row_id}", {"exit status": status}, agrees=status == 0)
        yield from _large(bench)


def differences(
    near: Sequence[Row], far: Sequence[Row], records: Mapping[str, Mapping[str, np.ndarray]]
) -> list[Finding]:
    """One finding for rows and verdicts, and one for every number that differs, with what is allowed.

    An enclosed left side may move within both enclosures. A mean over float64 runs may move by what iterates that
    differ by 1e-10 (1 + norm) can change: the square of a gradient by 2 B_F L_F, a loss or a gap by B_F, and what
    comes from meta-gradients by no more; the constants are those of the row.
    """
    mine, its = ({row["row_id"]: row for row in rows} for rows in (near, far))
    missing = sorted(mine.keys() ^ its.keys())
    findings = [Finding("the same rows", {"rows": len(mine), "only on one device": missing}, agrees=not missing)]
    for row_id in mine.keys() & its.keys():
        one, other = mine[row_id], its[row_id]
        fixed = [name for name in one if name not in _NUMBERS and one[name] != other[name]]
        if fixed:
            facts = {name: [one[name], other[name]] for name in fixed}
            findings.append(Finding(f"row {row_id}: {', '.join(fixed)} differ", facts, agrees=False))
        elif one["measured"] is not None and one["measured"] != other["measured"]:
            moved = abs(one["measured"] - other["measured"])
            allowed = allowance(one, other, records.get(row_id, {}))
            facts = {"difference": moved, "allowed": allowed, "decided by": one["decided_by"]}
            findings.append(Finding(f"row {row_id}: measured", facts, agrees=moved <= allowed))
    return findings


def allowance(one: Row, other: Row, arrays: Arrays) -> float:
    """How far `measured` of a row may be apart on two devices."""
    if not one["decided_by"].startswith("betting"):
        return (one["upper"] - one["lower"] + other["upper"] - other["lower"]) / 2
    import theory

    steepness = 1.0
    for name in ("B_F", "L_F"):
        steepness *= 1.0 + (theory.quantity(name).evaluate(**one["inputs"]).value or 0.0)
    reach = max((float(np.abs(arrays[name]).max()) for name in ("iterates", "points") if name in arrays), default=1.0)
    return 2 * steepness * ITERATES * (1 + reach)


def chosen(rows: Sequence[Row]) -> list[str]:
    """Three rows: from sampled runs, from sampled meta-gradients, and from a run without randomness."""
    kinds = {
        "runs": lambda row: row["decided_by"].startswith("betting") and row["tau"] is not None,
        "meta-gradients": lambda row: row["decided_by"].startswith("betting") and row["tau"] is None,
        "one path": lambda row: not row["decided_by"].startswith("betting") and row["tau"] is not None,
    }
    found = [next((row["row_id"] for row in rows if fits(row)), None) for fits in kinds.values()]
    return [row_id for row_id in found if row_id is not None]


def records(out: Path) -> dict[str, Arrays]:
    """The arrays behind each row of a report that have to do with its size."""
    keys = json.loads((out / "manifest.json").read_bytes())["row_records"]
    sizes: dict[str, Arrays] = {}
    for row_id, key in keys.items():
        path = out / "records" / f"{key}.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as arrays:
                sizes[row_id] = {name: arrays[name] for name in ("iterates", "points") if name in arrays}
    return sizes


def _rows(out: Path) -> list[Row]:
    return json.loads((out / "verdicts.json").read_bytes())["rows"]


def _build(bench: Bench, *options: str) -> int:
    """The exit status of reports.build, 0 or 1."""
    told = python(bench, f"reports.build {' '.join(options)}", "-m", "reports.build", *options, fine=(0, 1))
    return told.returncode


_PLAN = """
title = "One neural row at a size that a CPU cannot hold"

[[tasks]]
name = "large-network"
factory = "benchmarks.gpu.large_network:{name}"

[[runs]]
task = "large-network"
alpha = "1/16"
beta = "1/64"
mode = "exact"
nu = 3
tau = 2
rounds = 2
replicas = {replicas}
m = {participants}
statements = ["T2"]
"""


def _large(bench: Bench) -> Iterator[Finding]:
    """A T2 row of a network on constants that are estimated; it is INCONCLUSIVE, which is what it has to be."""
    from benchmarks.gpu.large_network import REAL, REHEARSED

    size = REHEARSED if bench.rehearsal else REAL
    plan, out = bench.folder / "large.toml", bench.folder / "large"
    plan.write_text(_PLAN.format(name=size.name, replicas=size.replicas, participants=size.participants))
    _build(bench, "--plan", str(plan), "--device", bench.kind, "--out", str(out))
    (row,) = _rows(out)
    facts = {name: row[name] for name in ("row_id", "n", "measured", "predicted", "verdict", "reason")}
    facts |= {"d": size.d, "bytes of one vector an agent and replica": size.bytes_of_a_vector}
    yield Finding("one large neural row", facts, agrees=row["verdict"] == "INCONCLUSIVE" and row["measured"] > 0)
