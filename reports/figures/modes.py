"""The modes in the words of figures and pages."""

from __future__ import annotations

from empirics.algorithm.modes import Mode

MODE_NAMES = {
    Mode.EXACT: "exact",
    Mode.STOCHASTIC: "stochastic",
    Mode.FIRST_ORDER: "first order",
    Mode.FIRST_ORDER_STOCHASTIC: "first order, stochastic",
    Mode.HESSIAN_FREE: "Hessian free",
    Mode.HESSIAN_FREE_STOCHASTIC: "Hessian free, stochastic",
}


def mode_words(mode: str) -> str:
    """A mode in words; the name of what is none stays as it is.

    >>> mode_words("hessian_free"), mode_words("sharpened")
    ('Hessian free', 'sharpened')
    """
    return MODE_NAMES[Mode(mode)] if mode in MODE_NAMES else mode


def mode_letters(name: str) -> str:
    """A mode in as few letters as a narrow column has room for; the name of what is none stays as it is.

    >>> [mode_letters(mode) for mode in Mode]
    ['exact', 'sto', 'FO', 'FO sto', 'HF', 'HF sto']
    """
    if name not in MODE_NAMES:
        return name
    mode = Mode(name)
    kind = "HF" if mode.probes else "" if mode.curved else "FO"
    return f"{kind} {'sto' if mode.draws else ''}".strip() or "exact"
