"""Expressions evaluated exactly or in outward-rounded balls."""
