"""The appendix and its pieces typeset by LaTeX: nothing overfull, undefined or missing, in one column and in two.

Run with -m latex; skipped where the machine lacks pdflatex, or the class or program that a case names.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reports.figures import write_figures
from reports.figures.__main__ import app
from reports.pages.appendix import write_appendix
from tests.reports.synthetic_suite import synthetic_suite
from tests.reports.test_appendix import MANIFEST
from tests.reports.test_figures_command import finished
from tests.reports.test_tables import synthetic_curves, synthetic_figures, synthetic_rows

pytestmark = [
    pytest.mark.latex,
    pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on the PATH"),
]
MOST_OVER = 1.0  # points that a box may be too wide or too high
CLASSES = {
    "article": (r"\documentclass[10pt]{article}", ""),
    "twocolumn": (r"\documentclass[10pt,twocolumn]{article}", "column/"),
    # as wide as ICML's: 6.75 inches with a quarter inch between the columns, in Times
    "icml": (
        r"\documentclass[10pt,twocolumn]{article}\usepackage{times}\setlength{\textwidth}{6.75in}"
        r"\setlength{\columnsep}{0.25in}\setlength{\oddsidemargin}{-0.125in}\setlength{\textheight}{9in}"
        r"\setlength{\topmargin}{-0.5in}",
        "column/",
    ),
    "IEEEtran": (r"\documentclass[journal]{IEEEtran}", "column/"),
}


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on the PATH")


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if line.startswith(("!", "l."))]


def complaints(log: Path) -> list[str]:
    """What must not be said at the end of a run: boxes, references, glyphs, and that another run is needed."""
    text = log.read_text(errors="replace")
    over = re.findall(r"Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\)[^\n]*", text)
    found = [f"overfull by {width} pt" for width in over if float(width) > MOST_OVER]
    words = (r"(?:Reference|Citation) .* undefined", "There were undefined", "Missing character", "Float too large")
    words += ("multiply defined", "Rerun to get")
    return found + [line for line in text.splitlines() if re.search("|".join(words), line)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with its appendix and its figures."""
    folder = tmp_path_factory.mktemp("report") / "out"
    finished(folder, synthetic_rows(), synthetic_curves(), synthetic_suite())
    figures = synthetic_figures()
    write_figures(figures, folder / "figures", ["pdf"])
    rows = synthetic_rows()
    write_appendix(
        folder / "appendix", rows, figures, folder / "figures", MANIFEST, 1e-3, suite=synthetic_suite(),
        dimensions={row.task: 1000 for row in rows},
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
@pytest.mark.parametrize("form", ["", "column/"], ids=["text", "columns"])
def test_the_appendix_compiles_clean_in_the_two_passes_that_it_names(out, engine, form):
    needs(engine)
    name = f"{engine}-{form[:-1]}".strip("-")
    source = rf"\def\MFLform{{{form}}}\input{{appendix}}" if form else "appendix.tex"
    for _ in range(2):
        run(engine, "-interaction=nonstopmode", "-halt-on-error", f"-jobname={name}", source, folder=out / "appendix")
    assert complaints(out / "appendix" / f"{name}.log") == []


def test_latexmk_compiles_it_too(out):
    needs("latexmk")
    run("latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "appendix.tex", folder=out / "appendix")
    assert complaints(out / "appendix" / "appendix.log") == []
    assert (out / "appendix" / "appendix.pdf").stat().st_size > 50_000


def paper(head: str, pieces: list[str]) -> str:
    """A document of pieces; a page ends now and then, since LaTeX keeps only so many floats."""
    parts = [rf"\input{{{piece}}}\par" + r"\clearpage" * (place % 6 == 5) for place, piece in enumerate(pieces)]
    packages = r"\usepackage{amsmath,booktabs,graphicx}\allowdisplaybreaks\input{appendix/macros}"
    refers = r"See \ref{st:S4}, \ref{lemma:L2}, Table~\ref{tab:summary} and Figure~\ref{fig:slack}."
    end = r"\bibliographystyle{plain}\bibliography{appendix/sources}\end{document}"
    return "\n".join([head, packages, r"\begin{document}", refers, *parts, end])


def pieces(out: Path, form: str) -> list[str]:
    folder = out / "appendix" / form
    found = [*(folder / f"{name}.tex" for name in ("setting", "notation", "lemmas"))]
    found += [path for part in ("statements", "proofs", "tables") for path in sorted((folder / part).glob("*.tex"))]
    return [str(path.relative_to(out).with_suffix("")) for path in found]


@pytest.mark.parametrize("name", CLASSES)
def test_every_piece_fits_a_paper_with_the_figures_drawn_for_its_venue(out, name):
    needs("latexmk", "bibtex", "kpsewhich")
    known = subprocess.run(["kpsewhich", f"{name}.cls"], capture_output=True, check=False).stdout
    if name == "IEEEtran" and not known:
        pytest.skip("IEEEtran.cls is not installed (Debian: texlive-publishers)")
    head, form = CLASSES[name]
    venue, width = {"IEEEtran": ("ieee", "column"), "article": ("neurips", "4.7")}.get(name, ("icml", "column"))
    done = CliRunner().invoke(app, ["--out", str(out), "--venue", venue, "--format", "pdf", "--width", width])
    assert done.exit_code == 0, done.output
    figures = sorted(str(path.relative_to(out).with_suffix("")) for path in (out / "figures").glob("*.tex"))
    assert len(figures) == len(synthetic_figures())
    (out / f"paper-{name}.tex").write_text(paper(head, pieces(out, form) + figures))
    start = time.monotonic()
    run("latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", f"paper-{name}.tex", folder=out)
    assert time.monotonic() - start < 60
    assert complaints(out / f"paper-{name}.log") == []


def test_a_label_names_what_it_labels(out):
    text = r"\documentclass{article}\usepackage{amsmath,booktabs,graphicx}\input{appendix/macros}\begin{document}"
    text += r"\section{One}\input{appendix/statements/S4}\input{appendix/lemmas}\end{document}"
    (out / "label.tex").write_text(text)
    run("pdflatex", "-interaction=nonstopmode", "label.tex", folder=out)
    labels = dict(re.findall(r"\\newlabel\{([^}]+)\}\{\{([^}]*)\}", (out / "label.aux").read_text()))
    assert (labels["st:S4"], labels["lemma:L2"]) == ("S4", "L2")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (r"\hbox to 10pt{\rule{13pt}{1pt}}", "overfull by 3.0 pt"),
        (r"\ref{nowhere}", "undefined"),
        (r"\begin{figure}\rule{1pt}{700pt}\end{figure}", "Float too large"),
        (r"\font\x=cmex10 \x\char200", "Missing character"),
    ],
)
def test_the_check_sees_each_kind_of_fault(tmp_path, body, said):
    text = rf"\documentclass{{article}}\tracinglostchars=2\begin{{document}}{body}\end{{document}}"
    (tmp_path / "bad.tex").write_text(text)
    run("pdflatex", "-interaction=nonstopmode", "bad.tex", folder=tmp_path)
    assert any(said in line for line in complaints(tmp_path / "bad.log"))
