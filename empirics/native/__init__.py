"""The compiled engine: one thread to a block of agents, everything in its caches, no dispatch inside a run.

It serves quadratics and dense tanh networks on the CPU, in all modes, and is optional: where the package was installed
without a compiler, or the processor lacks the instructions, the torch engine does the same work.
"""

from __future__ import annotations

from empirics.native.engine import NativeBackend, native_backend

__all__ = ["NativeBackend", "native_backend"]
