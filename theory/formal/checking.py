"""The full check: every proof compiled, checked again by Coq's independent checker, and what all of it rests on."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from theory.formal.building import INSTALL, ProofError, Report, build, compile_file, installed
from theory.formal.listing import FOLDER, sources, theorems
from theory.language.errors import InputError

# what Coq's real numbers rest on; anything else in the list is a hole
AXIOMS = (
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
)
CHECKED = "checked.json"
_COMMENT = re.compile(r"\(\*.*?\*\)", re.DOTALL)
_HOLE = re.compile(r"\b(Admitted|admit|give_up|Axiom|Axioms|Parameter|Parameters|Conjecture)\b")
_ALL = "Everything.v"


@dataclass(frozen=True)
class Check:
    """What the last full check found: versions, hashes of the files, theorems, axioms, proofs left open."""

    coq: str
    coqchk: bool
    admitted: int
    axioms: tuple[str, ...]
    theorems: tuple[str, ...]
    files: Mapping[str, str]

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), indent=1) + "\n"


def hashes(texts: Mapping[str, str]) -> dict[str, str]:
    """The SHA-256 of each text.

    >>> hashes({"A.v": ""})["A.v"][:8]
    'e3b0c442'
    """
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


def last_check() -> Check:
    """The last full check that is kept with the package."""
    kept = json.loads((FOLDER / CHECKED).read_text(encoding="utf-8"))
    return Check(**{**kept, "axioms": tuple(kept["axioms"]), "theorems": tuple(kept["theorems"])})


def changed_since(check: Check, texts: Mapping[str, str] | None = None) -> list[str]:
    """The files that are not what was checked then: changed, new or gone."""
    now = hashes(sources() if texts is None else texts)
    return sorted(name for name in now.keys() | check.files.keys() if now.get(name) != check.files.get(name))


def out_of_date() -> list[str]:
    """The printed files that the records of today would print otherwise."""
    from theory.printing.coq import assumptions, constants
    from theory.tables import default_table

    table = default_table()
    fresh = {"Constants.v": constants(table), "Assumed.v": assumptions(table)}
    return [name for name, text in fresh.items() if sources()[name] != text]


def admitted(texts: Mapping[str, str]) -> int:
    """How often a proof is left open or something is taken for granted.

    >>> admitted({"A.v": "Lemma x : False. Proof. Admitted. (* Admitted *)"})
    1
    """
    return sum(len(_HOLE.findall(_COMMENT.sub("", text))) for text in texts.values())


def check(report: Report = lambda *_: None) -> Check:
    """Check everything anew, in a folder of its own.

    Raises:
        InputError: Coq is not installed.
        ProofError: a proof fails, is left open or rests on a further axiom, or a printed file is out of date.
    """
    if not installed():
        raise InputError(f"coqc: not found; install it: {INSTALL}")
    stale = out_of_date()
    if stale:
        raise ProofError(stale[0], "is not what the records print; run python -m theory formal --write")
    texts = sources()
    names = [f"{item.file.removesuffix('.v')}.{item.theorem}" for item in theorems()]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        build(folder, texts, frozenset(texts), report)
        report(len(texts), len(texts), "axioms")
        found = _axioms(folder, sorted(name.removesuffix(".v") for name in texts), names)
        further = [name for name in found if name not in AXIOMS]
        if further:
            raise ProofError(_ALL, f"rests on {', '.join(further)} besides the axioms of the real numbers")
        again = installed("coqchk")
        if again:
            report(len(texts), len(texts), "coqchk")
            _check_again(folder, texts)
    open_proofs = admitted(texts)
    if open_proofs:
        raise ProofError("theory/formal", f"{open_proofs} proofs are left open or taken for granted")
    version = subprocess.run(["coqc", "--version"], capture_output=True, text=True, check=True).stdout
    number = re.search(r"version (\S+)", version)
    return Check(number[1] if number else "?", again, open_proofs, tuple(found), tuple(names), hashes(texts))


def _axioms(folder: Path, modules: list[str], names: list[str]) -> list[str]:
    """What the theorems rest on, as Coq prints it."""
    pairs = "tt"
    for name in names:
        pairs = f"({pairs}, @{name})"
    text = f"Require {' '.join(modules)}.\nDefinition everything := {pairs}.\nPrint Assumptions everything.\n"
    (folder / _ALL).write_text(text, encoding="utf-8")
    printed = compile_file(folder, _ALL)
    return sorted(set(re.findall(r"^([\w.]+)(?= :|$)", printed, re.MULTILINE)) - {"Axioms"})


def _check_again(folder: Path, texts: Mapping[str, str]) -> None:
    modules = [f"Theory.{name.removesuffix('.v')}" for name in texts]
    command = ["coqchk", "-silent", "-o", "-R", str(folder), "Theory", *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise ProofError("coqchk", (done.stderr or done.stdout).strip())
