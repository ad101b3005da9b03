"""Which statement is proved by which theorem, and what the theorem says otherwise than the statement in print."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from theory.formal.differences import ATTAINED, DIFFERENCES, FINITE_SUPPORT, NOISY
from theory.printing.coq import coq_name

FOLDER: Traversable = files("theory.formal")
_THEOREM = re.compile(r"^Theorem (\w+) :(.*?)\.\nProof", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Theorem:
    """The theorem that proves a statement: `text` is what Coq checked, `differs` how it departs from the print.

    `attained` names the theorems that say that its bound is an equality somewhere.
    """

    id: str
    theorem: str
    file: str
    text: str
    differs: tuple[str, ...] = ()
    attained: tuple[str, ...] = ()

    def __str__(self) -> str:
        finite = " (noise of finite support)" if FINITE_SUPPORT in self.differs else ""
        return f"machine-checked{finite}: {self.theorem}, {self.file}"


@cache
def sources() -> Mapping[str, str]:
    """The text of every .v file by its name."""
    found = sorted(item.name for item in FOLDER.iterdir() if item.name.endswith(".v"))
    return {name: (FOLDER / name).read_text(encoding="utf-8") for name in found}


@cache
def _in_record_terms() -> Mapping[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for file, text in sources().items():
        if file.endswith("Statements.v"):
            for theorem, body in _THEOREM.findall(text):
                found[theorem] = (file, f"Theorem {theorem} :{body}.")
    return found


@cache
def theorems() -> tuple[Theorem, ...]:
    """The theorem of every derived statement that has one in the records' terms, in the order of the theory."""
    from theory.language.records import DERIVED
    from theory.tables import default_table

    found = []
    for item in default_table().statements.values():
        name = coq_name(item.id)
        if item.provenance == DERIVED and name in _in_record_terms():
            file, text = _in_record_terms()[name]
            common = (FINITE_SUPPORT,) if item.id in NOISY else ()
            differs = (*common, *DIFFERENCES.get(item.id, ()))
            found.append(Theorem(item.id, name, file, text, differs, ATTAINED.get(item.id, ())))
    return tuple(found)


def machine_checked(id: str) -> Theorem | None:
    """The theorem behind a statement; None where no proof in the records' terms has been checked."""
    return next((item for item in theorems() if item.id == id), None)


def described(id: str) -> str:
    """One line about a statement: its theorem, or that there is none.

    >>> described("S4"), described("per_fedavg.L_F")
    ('machine-checked: S4, FineTuningStatements.v', 'not machine-checked')
    """
    return str(machine_checked(id) or "not machine-checked")
