"""What may be done to a finished report behind its back: every edit by what a reader would say of it."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from tests.reports.forging import forged, record_path, taken_apart

Edit = Callable[[Path], None]
EDITS: dict[str, Edit] = {}
HARMLESS: dict[str, Edit] = {}
OF_THE_SUITE = ("a_planted_error_was_refuted_after_all",)  # what a report cut down to some statements lacks


def _named(table: dict[str, Edit]) -> Callable[[Edit], Edit]:
    def add(edit: Edit) -> Edit:
        table[edit.__name__.removeprefix("_")] = edit
        return edit

    return add


edit, harmless = _named(EDITS), _named(HARMLESS)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def store(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def rehash(out: Path, *names: str) -> None:
    """The manifest's hashes of some files, made anew: a forger knows where they stand."""
    manifest = load(out / "manifest.json")
    for name in names:
        if (out / name).is_file():
            manifest["outputs"][name] = hashlib.sha256((out / name).read_bytes()).hexdigest()
        else:
            manifest["outputs"].pop(name, None)
    store(out / "manifest.json", manifest)


def in_rows(out: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    body = load(out / "verdicts.json")
    change(body["rows"])
    store(out / "verdicts.json", body)
    rehash(out, "verdicts.json")


def in_row(out: Path, **fields: Any) -> None:
    """Some fields of the first row that holds."""
    in_rows(out, lambda rows: next(row for row in rows if row["verdict"] == "HOLDS").update(fields))


def in_manifest(out: Path, **fields: Any) -> None:
    store(out / "manifest.json", load(out / "manifest.json") | fields)


def in_text(out: Path, name: str, old: str, new: str) -> None:
    text = (out / name).read_text(encoding="utf-8")
    assert old in text, f"{name} does not say {old}"
    (out / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    rehash(out, name)


def in_bytes(out: Path, name: str) -> None:
    """One bit of a file's middle."""
    data = bytearray((out / name).read_bytes())
    data[len(data) // 2] ^= 1
    (out / name).write_bytes(bytes(data))
    rehash(out, name)


def record_of(out: Path, bound: str) -> str:
    """The key of the record behind the first row of a bound."""
    return next(key for row, key in load(out / "manifest.json")["row_records"].items() if row.startswith(f"{bound}:"))


def in_record(out: Path, key: str, change: Callable[[dict[str, Any], dict[str, np.ndarray]], None]) -> None:
    """A record changed, its checksum recomputed, here and in the manifest."""
    path = record_path(out, key)
    body, arrays = taken_apart(path)
    change(body, arrays)
    path.write_bytes(forged(body, arrays))
    rehash(out, path.relative_to(out).as_posix())


# --- verdicts.json -----------------------------------------------------------------------------------------------


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


# --- what is made of the rows ------------------------------------------------------------------------------------


@edit
def a_number_of_the_results_is_another(out: Path) -> None:
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    lines[2]["tightness"] = "0.999"
    with (out / "results.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    rehash(out, "results.csv")


@edit
def the_page_says_otherwise(out: Path) -> None:
    in_text(out, "index.html", "violated", "confirmed")


@edit
def the_page_has_a_script_of_its_own(out: Path) -> None:
    in_text(out, "index.html", "</body>", "<script>alert(1)</script></body>")


@edit
def a_figure_is_another(out: Path) -> None:
    shutil.copy(out / "figures/gap.svg", out / "figures/tightness.svg")
    rehash(out, "figures/tightness.svg")


@edit
def a_bit_of_a_figure_is_another(out: Path) -> None:
    in_bytes(out, "figures/gap.pdf")


@edit
def a_figure_is_gone(out: Path) -> None:
    (out / "figures/gap.pdf").unlink()
    rehash(out, "figures/gap.pdf")


@edit
def there_is_a_figure_of_nothing(out: Path) -> None:
    shutil.copy(out / "figures/gap.svg", out / "figures/success.svg")


@edit
def a_curve_is_another(out: Path) -> None:
    lines = (out / "curves.csv").read_text(encoding="utf-8").split("\n")
    lines[2] = lines[3]
    (out / "curves.csv").write_text("\n".join(lines), encoding="utf-8")
    rehash(out, "curves.csv")


@edit
def a_table_of_the_appendix_says_otherwise(out: Path) -> None:
    in_text(out, "appendix/tables/rows-S4-1.tex", "holds", "fails")


@edit
def a_macro_of_the_appendix_is_another(out: Path) -> None:
    in_text(out, "appendix/macros.tex", r"\MFLviolated}{\ensuremath{", r"\MFLviolated}{\ensuremath{0")


@edit
def a_figure_of_the_appendix_is_another(out: Path) -> None:
    in_bytes(out, "appendix/figures/gap.pdf")


@edit
def a_proof_of_the_appendix_is_gone(out: Path) -> None:
    (out / "appendix/proofs/S4.tex").unlink()
    rehash(out, "appendix/proofs/S4.tex")


@edit
def a_planted_error_was_refuted_after_all(out: Path) -> None:
    body = load(out / "suite.json")
    next(one for one in body["planted"] if not one["refuted"])["refuted"] = True
    store(out / "suite.json", body)
    rehash(out, "suite.json")


# --- the manifest ------------------------------------------------------------------------------------------------


@edit
def the_manifest_names_another_plan(out: Path) -> None:
    in_manifest(out, plan="standard")


@edit
def the_manifest_names_another_title(out: Path) -> None:
    in_manifest(out, title="All is well")


@edit
def the_manifest_names_another_seed(out: Path) -> None:
    in_manifest(out, seed=7)


@edit
def the_manifest_names_other_versions(out: Path) -> None:
    in_manifest(out, versions=load(out / "manifest.json")["versions"] | {"torch": "9.9"})


@edit
def the_manifest_names_another_version_of_ours(out: Path) -> None:
    in_manifest(out, version="9.9")


@edit
def the_manifest_names_another_device(out: Path) -> None:
    in_manifest(out, device="cuda:0")


@edit
def the_manifest_has_a_larger_family(out: Path) -> None:
    in_manifest(out, family=load(out / "manifest.json")["family"] + 1)


@edit
def the_manifest_has_a_smaller_error_level(out: Path) -> None:
    in_manifest(out, error_level=1e-9)


@edit
def the_manifest_traces_a_row_to_another_record(out: Path) -> None:
    traced = dict(load(out / "manifest.json")["row_records"])
    first, *_, last = traced
    in_manifest(out, row_records=traced | {first: traced[last]})


@edit
def the_manifest_lacks_a_record(out: Path) -> None:
    in_manifest(out, records=load(out / "manifest.json")["records"][1:])


@edit
def the_manifest_lacks_its_rows(out: Path) -> None:
    manifest = load(out / "manifest.json")
    del manifest["row_records"]
    store(out / "manifest.json", manifest)


@edit
def the_manifest_is_cut_off(out: Path) -> None:
    (out / "manifest.json").write_bytes((out / "manifest.json").read_bytes()[:500])


@edit
def the_manifest_is_a_list(out: Path) -> None:
    store(out / "manifest.json", [])


@edit
def the_manifest_has_text_for_a_list(out: Path) -> None:
    in_manifest(out, claims="none", records="none")


@edit
def the_manifest_is_not_text(out: Path) -> None:
    (out / "manifest.json").write_bytes(b"\xff\xfe\x00")


# --- records -----------------------------------------------------------------------------------------------------


@edit
def a_fact_of_a_record_is_another(out: Path) -> None:
    in_record(out, record_of(out, "T2"), lambda body, _: body["facts"].update(beta=0.5))


@edit
def a_record_notes_something(out: Path) -> None:
    """Nothing recomputes a note but the run itself; the manifest's hash is left as it was."""
    key = record_of(out, "T2")
    before = load(out / "manifest.json")
    in_record(out, key, lambda body, _: body["facts"].update(notes=["all is well"]))
    store(out / "manifest.json", before)


@edit
def an_array_of_a_row_is_another(out: Path) -> None:
    def change(_: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        arrays["iterates"][:, 1:] *= 0.5

    in_record(out, record_of(out, "T2"), change)


@edit
def a_record_lacks_its_arrays(out: Path) -> None:
    in_record(out, record_of(out, "S4"), lambda _, arrays: arrays.clear())


@edit
def a_record_holds_text_for_numbers(out: Path) -> None:
    def change(_: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        arrays.update({name: np.array(["x"]) for name in arrays})

    in_record(out, record_of(out, "S4"), change)


@edit
def a_record_describes_another_cell(out: Path) -> None:
    in_record(out, record_of(out, "S4"), lambda body, _: body["cell"]["cell"].update(nu=7))


@edit
def a_record_is_gone(out: Path) -> None:
    record_path(out, record_of(out, "S4")).unlink()


@edit
def the_arrays_of_a_record_are_cut_off(out: Path) -> None:
    path = record_path(out, record_of(out, "S4"))
    path.write_bytes(path.read_bytes()[:100])


@edit
def a_record_is_a_list(out: Path) -> None:
    path = record_path(out, record_of(out, "S4"))
    path.write_bytes(forged([], taken_apart(path)[1]))


@edit
def a_record_lacks_its_cell(out: Path) -> None:
    in_record(out, record_of(out, "S4"), lambda body, _: body.pop("cell"))


# --- what says the same ------------------------------------------------------------------------------------------


@harmless
def the_rows_stand_in_another_order(out: Path) -> None:
    in_rows(out, lambda rows: rows.reverse())


@harmless
def an_input_is_written_as_an_equal_fraction(out: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        inputs = rows[0]["inputs"]
        value = Fraction(inputs["L"])
        inputs["L"] = f"{2 * value.numerator}/{2 * value.denominator}"

    in_rows(out, change)


@harmless
def a_record_has_an_array_that_no_row_uses(out: Path) -> None:
    in_record(out, record_of(out, "S4"), lambda _, arrays: arrays.update(unused=np.arange(3.0)))
