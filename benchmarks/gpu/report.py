"""Stage d: the same report on the CPU and on the device, rows reproduced, and a network too large for a CPU."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.process import python
from benchmarks.gpu.stage import Bench, Finding, Stage
from reports.records.store import Store

SEARCHED = 1e-2  # times the value: two searches that round differently may end at different points
ITERATES = 1e-10  # times 1 + norm: how far float64 iterates of two devices may be apart
# what a row may differ in between devices: numbers that come out of a run
_NUMBERS = ("measured", "lower", "upper", "tightness", "witness")
_REHEARSED = ("--only", "S4,S6,T1,T2")

Row = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]


class Report(Stage):
    """Rows and verdicts are those of the CPU; each difference of a number stands beside what is allowed."""

    name, title, share, rehearsal_share = "report", "one report on two devices", 0.25, 0.32

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """Two builds, their rows and what they ran on, rows again, one large neural row."""
        first, second = bench.folder / "cpu", bench.folder / "device"
        only = _REHEARSED if bench.rehearsal else ()
        # without a GPU, what differs between the two is how the work is divided
        jobs = ("--jobs", "1") if bench.rehearsal else ()
        for device, out, more in (("cpu", first, ()), (bench.kind, second, jobs)):
            status = _build(bench, "--profile", "quick", *only, *more, "--device", device, "--out", str(out))
            yield Finding(f"reports.build --profile quick on {device}", {"exit status": status}, agrees=status == 0)
        near, far = Built.read(first), Built.read(second)
        yield ran_there(far, bench.kind)
        yield from differences(near, far)
        again = chosen(far.rows)
        missing = [kind for kind, row_id in again.items() if row_id is None]
        yield Finding("a row of each kind to reproduce", {"kinds without a row": missing}, agrees=not missing)
        for row_id in (row_id for row_id in again.values() if row_id is not None):
            status = _build(bench, "--out", str(second), "--reproduce", row_id)
            yield Finding(f"--reproduce {row_id}", {"exit status": status}, agrees=status == 0)
        yield from _large(bench)


@dataclass(frozen=True)
class Built:
    """A report: its rows, its device, and behind each row the record's facts and the arrays that tell its size."""

    rows: Sequence[Row]
    device: str
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    arrays: Mapping[str, Arrays] = field(default_factory=dict)

    @classmethod
    def read(cls, out: Path) -> Built:
        """The report in a folder."""
        manifest, store = json.loads((out / "manifest.json").read_bytes()), Store(out / "records")
        found = {row_id: store.read(key) for row_id, key in manifest["row_records"].items() if key in store}
        sizes = {
            row_id: {name: record.arrays[name] for name in ("iterates", "points") if name in record.arrays}
            for row_id, record in found.items()
        }
        facts = {row_id: record.facts for row_id, record in found.items()}
        return cls(json.loads((out / "verdicts.json").read_bytes())["rows"], manifest["device"], facts, sizes)


def ran_there(built: Built, kind: str) -> Finding:
    """Whether the report, and every run behind its rows, was made on that kind of device without falling back."""
    backends: dict[str, int] = {}
    for facts in built.facts.values():
        if "backend" in facts:
            backends[facts["backend"]] = backends.get(facts["backend"], 0) + 1
    notes = sorted({note for facts in built.facts.values() for note in facts.get("notes") or ()})
    told = {"device": built.device, "rows by backend": backends, "notes": notes}
    on_device = built.device.partition(":")[0] == kind and (kind == "cpu" or "native" not in backends)
    return Finding("where the report was made", told, agrees=on_device and not notes and bool(backends))


def differences(near: Built, far: Built) -> list[Finding]:
    """One finding for rows and verdicts, and one for every number that differs, with what is allowed.

    An enclosed left side may move within the CPU's enclosure; where a search chose the point, by a hundredth of
    itself, since searches from the same starts may end apart. A mean over float64 runs may move by what iterates
    that differ by 1e-10 (1 + norm) can change: the square of a gradient by 2 B_F L_F, a loss or a gap by B_F, and
    what comes from meta-gradients by no more; the constants and the norms are those of the CPU's row.
    """
    mine, its = ({row["row_id"]: row for row in built.rows} for built in (near, far))
    missing = sorted(mine.keys() ^ its.keys())
    findings = [Finding("the same rows", {"rows": len(mine), "only on one device": missing}, agrees=not missing)]
    for row_id in sorted(mine.keys() & its.keys()):
        one, other = mine[row_id], its[row_id]
        fixed = [name for name in one if name not in _NUMBERS and one[name] != other[name]]
        if fixed:
            facts = {name: [one[name], other[name]] for name in fixed}
            findings.append(Finding(f"row {row_id}: {', '.join(fixed)} differ", facts, agrees=False))
        for name in ("measured", "lower", "upper"):
            if one[name] != other[name]:
                findings.append(_moved(name, one, other, near.arrays.get(row_id, {})))
    return findings


def _moved(name: str, one: Row, other: Row, arrays: Arrays) -> Finding:
    what, said = f"row {one['row_id']}: {name}", {"values": [one[name], other[name]], "decided by": one["decided_by"]}
    if one[name] is None or other[name] is None:
        return Finding(what, said, agrees=False)
    moved, allowed = abs(one[name] - other[name]), allowance(one, arrays)
    # a bet depends on the values before it: the limits of a mean move by more than the mean, though not by much
    allowed *= 1 if name == "measured" or not _sampled(one) else 10
    return Finding(what, {**said, "difference": moved, "allowed": allowed}, agrees=moved <= allowed)


def allowance(row: Row, arrays: Arrays) -> float:
    """How far `measured` may be from that of the CPU's row, of which the record's arrays are given."""
    if not _sampled(row):
        return row["upper"] - row["lower"] + (SEARCHED * abs(row["measured"]) if "w" in (row["witness"] or {}) else 0.0)
    import theory

    steepness = 1.0
    for name in ("B_F", "L_F"):
        steepness *= 1.0 + (theory.quantity(name).evaluate(**row["inputs"]).value or 0.0)
    reach = max((float(np.abs(array).max()) for array in arrays.values()), default=1.0)
    return 2 * steepness * ITERATES * (1 + reach)


def chosen(rows: Sequence[Row]) -> dict[str, str | None]:
    """A row from sampled runs, one from the outcomes of a meta-gradient, and one from a run without randomness."""
    kinds: dict[str, Callable[[Row], bool]] = {
        "runs": lambda row: _sampled(row) and row["tau"] is not None,
        "outcomes": lambda row: row["decided_by"].startswith("exact expectation") and row["tau"] is None,
        "one path": lambda row: row["decided_by"].startswith("Arb balls") and row["tau"] is not None,
    }
    return {kind: next((row["row_id"] for row in rows if fits(row)), None) for kind, fits in kinds.items()}


def _sampled(row: Row) -> bool:
    return row["decided_by"].startswith("betting")


def _build(bench: Bench, *options: str) -> int:
    """The exit status of reports.build, 0 or 1."""
    told = python(bench, f"reports.build {' '.join(options)}", "-m", "reports.build", *options, fine=(0, 1))
    return told.returncode


_PLAN = """
title = "One neural row at a size that a CPU cannot hold"

[[tasks]]
name = "large-network"
factory = "{factory}"

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
    plan.write_text(_PLAN.format(**vars(size), participants=size.network.participants))
    _build(bench, "--plan", str(plan), "--device", bench.kind, "--out", str(out))
    built = Built.read(out)
    (row,) = built.rows
    facts = {name: row[name] for name in ("row_id", "n", "replicas", "measured", "predicted", "verdict", "reason")}
    facts |= {"d": size.network.d, "bytes of one vector an agent and replica": size.bytes_of_a_vector}
    sane = row["measured"] is not None and 0 < row["measured"] <= row["predicted"] and row["n"] == size.network.agents
    sane = sane and row["replicas"] == size.replicas and ran_there(built, bench.kind).agrees is True
    yield Finding("one large neural row", facts, agrees=row["verdict"] == "INCONCLUSIVE" and sane)
