"""Edits that say the same in other words."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from tests.reports.edits.editing import Edit, collected, in_record, in_rows, record_of

HARMLESS: dict[str, Edit] = {}
edit = collected(HARMLESS)


@edit
def the_rows_stand_in_another_order(out: Path) -> None:
    in_rows(out, lambda rows: rows.reverse())


@edit
def an_input_is_written_as_an_equal_fraction(out: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        inputs = rows[0]["inputs"]
        value = Fraction(inputs["L"])
        inputs["L"] = f"{2 * value.numerator}/{2 * value.denominator}"

    in_rows(out, change)


@edit
def a_record_has_an_array_that_no_row_uses(out: Path) -> None:
    in_record(out, record_of(out, "S4"), lambda _, arrays: arrays.update(unused=np.arange(3.0)))
