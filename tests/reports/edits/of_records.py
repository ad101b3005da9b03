"""Edits of the records behind the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.reports.edits.editing import Edit, collected, in_record, load, record_of, store
from tests.reports.forging import forged, record_path, taken_apart

EDITS: dict[str, Edit] = {}
edit = collected(EDITS)


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
