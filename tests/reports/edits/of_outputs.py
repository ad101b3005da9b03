"""Edits of what is made of the rows: results, page, figures, curves, appendix and suite."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from tests.reports.edits.editing import Edit, collected, in_bytes, in_text, load, rehash, store

OF_THE_SUITE = ("a_planted_error_was_refuted_after_all",)  # what a report cut down to some statements lacks

EDITS: dict[str, Edit] = {}
edit = collected(EDITS)


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
