"""Bounds on a recorded loss and its first four derivatives over a ball, by norms carried through its operations."""
