"""The witnesses of every statement, measured once in a run."""

from __future__ import annotations

import pickle

import pytest

from tests.once import Once
from tests.reports.witnessed import Witnessed


@pytest.fixture(scope="session")
def witnessed(once: Once) -> Witnessed:
    """What every stored witness gives, and which planted errors it refutes."""
    kept = once.made("witnessed.pickle", lambda path: path.write_bytes(pickle.dumps(Witnessed.now())))
    return pickle.loads(kept.read_bytes())
