"""The keys of each statement that can be sharpened, read exactly and refused with what is admissible."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from theory.language.errors import InputError, near
from theory.language.inputs import read_number
from theory.language.symbols import COUNT, LOCAL_STEPS, POSITIVE, Range
from theory.sharp.certificates import Given
from theory.sharp.problem import LARGEST, SAMPLED, stated

_SHARE = Range(upper=1, open_below=True)
_RANGES: Mapping[str, Range] = {
    "h": _SHARE, "tau": LOCAL_STEPS, "mu_c": Range(lower=-1, upper=1), "A": POSITIVE, "n": Range(lower=2, integer=True),
    "m": COUNT, "K": COUNT, "F0_gap": POSITIVE, "mu_F": _SHARE,
}  # fmt: skip
KEYS: Mapping[str, tuple[str, ...]] = {
    "T1b": ("h", "tau", "n", "m"),
    "T1d": ("h", "tau", "A", "mu_c", "n", "m"),
    "T2p": ("h", "tau", "mu_c", "n", "m", "K", "F0_gap"),
    "T4p": ("h", "tau", "mu_c", "n", "m"),
    "T4p_gap": ("h", "tau", "mu_c", "n", "m", "mu_F"),
}
SHORTEST = Fraction(1, 10**9)
_NEEDED = ("h", "tau", "A")


def read_given(statement: str, inputs: Mapping[str, object]) -> Given:
    """The exact numbers of a statement; mu_c is -1 where it is not given.

    >>> read_given("T4p", {"h": "1/10", "tau": 2})
    {'h': Fraction(1, 10), 'tau': Fraction(2, 1), 'mu_c': Fraction(-1, 1)}

    Raises:
        InputError: an unknown statement or key, a key that is missing, or a value outside its range.
    """
    if statement not in KEYS:
        raise InputError(f"{statement}: cannot be sharpened{near(statement, KEYS)}; known: {', '.join(KEYS)}")
    keys = KEYS[statement]
    given: Given = {}
    for key, value in inputs.items():
        if key not in keys:
            known = f"keys of {statement}, at L_F = gamma_F = 1: {', '.join(keys)}"
            raise InputError(f"{key} = {value}: unknown key{near(key, keys)}; {known}")
        given[key] = read_number(key, value, _RANGES[key])
        if not _RANGES[key].contains(given[key]):
            raise InputError(f"{key} = {value}: expected {_RANGES[key]}")
    missing = [key for key in _NEEDED if key in keys and key not in given]
    if missing:
        raise InputError(f"{statement}: missing {', '.join(missing)}; keys: {', '.join(keys)}")
    given.setdefault("mu_c", Fraction(-1))
    _refuse_together(statement, given)
    return given


def _refuse_together(statement: str, given: Given) -> None:
    if given["h"] < SHORTEST:
        raise InputError(f"h = {float(given['h']):.6g}: expected at least {float(SHORTEST):g}, for the solver's sake")
    if given["mu_c"] == 1:
        raise InputError("mu_c = 1: expected less; agents of equal curvature do not drift apart")
    if ("K" in given) != ("F0_gap" in given):
        raise InputError(f"{statement}: K and F0_gap go together; without both it is the limit of many rounds")
    if "m" in given and "n" not in given:
        raise InputError(f"m = {given['m']}: n is missing; without both all agents take part")
    n = given.get("n", Fraction(2))
    m = given.get("m", n)
    if m > n:
        raise InputError(f"m = {m}: expected an integer between 1 and n = {n}")
    if m < n and statement not in SAMPLED:
        raise InputError(f"m = {m} < n = {n}: {statement} is about m = n; sampling: {', '.join(SAMPLED)}")
    if statement not in SAMPLED and n > LARGEST:
        raise InputError(f"n = {n}: expected at most {LARGEST}; what is attained by few agents is by more")
    if m == n and given["tau"] == 1:
        raise InputError("tau = 1: expected tau >= 2 where all agents take part; without local steps the floor is 0")
    try:
        stated(statement, {"A": Fraction(1), **given})
    except ValueError as error:
        raise InputError(f"{statement}: {error}") from None
