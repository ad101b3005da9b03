"""The compiled engine: one thread to a block of agents, everything in its caches, no dispatch inside a run.

It serves quadratics, dense tanh networks and, through their recorded derivatives, modules of one's own, on the CPU, in
all modes. It is optional: where the package was installed without a compiler, or a module uses an operation that it
does not know, the torch engine does the same work.
"""

from __future__ import annotations

from empirics.native.engine import NativeBackend, native_backend

__all__ = ["NativeBackend", "native_backend"]
