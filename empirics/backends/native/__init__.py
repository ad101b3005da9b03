"""The compiled engine: one thread to a block of agents, everything in its caches, no dispatch inside a run.

It serves quadratics and dense tanh networks in all modes and, through their recorded derivatives, modules of one's own
in all modes and other tasks in those without batches, all on the CPU. It is optional: where the package was installed
without a compiler, or a task uses an operation that it does not know, the torch engine does the same work.
"""
