"""What of TeX is installed, asked before anything is drawn."""

from __future__ import annotations

import shutil
import subprocess


def pgf_problem() -> str:
    """Why PGF files cannot be made on this machine; empty where they can."""
    if shutil.which("pdflatex") is None:
        return "a TeX installation is needed, and pdflatex is not on the PATH"
    if not _has("pgf.sty"):
        return "the LaTeX package pgf is not installed (Debian: texlive-pictures)"
    return ""


def usetex_problem(*, bitmaps: bool) -> str:
    """Why LaTeX cannot set the type of figures on this machine; empty where it can. bitmaps: for PNG files as well."""
    if shutil.which("latex") is None:
        return "a TeX installation is needed, and latex is not on the PATH"
    lacking = [name for name in ("type1cm.sty", "type1ec.sty", "underscore.sty", "amsmath.sty") if not _has(name)]
    if lacking:
        return f"{', '.join(lacking)} not installed (Debian: texlive-latex-extra, cm-super)"
    if bitmaps and shutil.which("dvipng") is None:
        return "PNG files need dvipng, which is not on the PATH"
    return ""


def _has(file: str) -> bool:
    """Whether TeX finds a file; without kpsewhich it is taken to, and TeX itself complains."""
    finder = shutil.which("kpsewhich")
    if finder is None:
        return True
    return bool(subprocess.run([finder, file], capture_output=True, text=True, check=False, timeout=60).stdout.strip())
