"""Edits of verdicts.json, and of what else tells of its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.reports.edits.editing import Edit, collected, in_row, in_rows, load, rehash, store
from tests.reports.forging import record_path, taken_apart

EDITS: dict[str, Edit] = {}
edit = collected(EDITS)


@edit
def a_violated_row_has_a_twin_that_holds(out: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        violated = next(row for row in rows if row["verdict"] == "VIOLATED")
        rows.insert(0, violated | {"verdict": "HOLDS", "reason": "forged"})

    in_rows(out, change)


@edit
def a_row_stands_twice(out: Path) -> None:
    in_rows(out, lambda rows: rows.append(rows[0]))


@edit
def a_cell_is_dropped_from_plan_rows_and_records(out: Path) -> None:
    """The cell of the first violated row, with all that the manifest says of it."""
    manifest = load(out / "manifest.json")
    row_id = next(row["row_id"] for row in load(out / "verdicts.json")["rows"] if row["verdict"] == "VIOLATED")
    key = manifest["row_records"][row_id]
    gone = {name for name, record in manifest["row_records"].items() if record == key}
    path = record_path(out, key)
    cell = taken_apart(path)[0]["cell"]
    manifest["row_records"] = {name: record for name, record in manifest["row_records"].items() if record != key}
    manifest["records"] = [record for record in manifest["records"] if record != key]
    manifest["cells"] -= 1
    if "contents" in manifest:
        manifest["contents"][cell["kind"]].remove(cell["cell"])
    store(out / "manifest.json", manifest)
    path.unlink()
    rehash(out, path.relative_to(out).as_posix())
    in_rows(out, lambda rows: rows.__setitem__(slice(None), [row for row in rows if row["row_id"] not in gone]))


@edit
def the_claims_are_dropped(out: Path) -> None:
    manifest = load(out / "manifest.json")
    claimed = {row["row_id"] for row in load(out / "verdicts.json")["rows"] if row["provenance"] == "claim"}
    manifest["row_records"] = {k: v for k, v in manifest["row_records"].items() if k not in claimed}
    store(out / "manifest.json", manifest | {"claims": []})
    in_rows(out, lambda rows: rows.__setitem__(slice(None), [r for r in rows if r["row_id"] not in claimed]))


@edit
def the_error_level_of_the_verdicts_is_smaller(out: Path) -> None:
    store(out / "verdicts.json", load(out / "verdicts.json") | {"error_level": 1e-9})
    rehash(out, "verdicts.json")


@edit
def a_violated_row_holds(out: Path) -> None:
    in_rows(out, lambda rows: next(r for r in rows if r["verdict"] == "VIOLATED").update(verdict="HOLDS"))


@edit
def a_measured_value_is_smaller(out: Path) -> None:
    in_row(out, measured=1e-9)


@edit
def a_prediction_is_another(out: Path) -> None:
    in_row(out, predicted=1e9)


@edit
def a_reason_is_another(out: Path) -> None:
    in_row(out, reason="because")


@edit
def a_hypothesis_is_left_out(out: Path) -> None:
    in_rows(out, lambda rows: next(row for row in rows if row["hypotheses"]).update(hypotheses=[]))


@edit
def an_input_is_another_number(out: Path) -> None:
    in_rows(out, lambda rows: rows[0]["inputs"].update(L="3"))


@edit
def a_row_is_left_out(out: Path) -> None:
    in_rows(out, lambda rows: rows.__delitem__(3))


@edit
def a_row_is_invented(out: Path) -> None:
    in_rows(out, lambda rows: rows.append(rows[0] | {"row_id": "S1:invented"}))


@edit
def the_verdicts_are_cut_off(out: Path) -> None:
    (out / "verdicts.json").write_bytes((out / "verdicts.json").read_bytes()[:500])


@edit
def the_verdicts_have_a_field_of_their_own(out: Path) -> None:
    in_row(out, colour="green")


@edit
def the_verdicts_are_gone(out: Path) -> None:
    (out / "verdicts.json").unlink()
