"""Whole runs: chunks of replicas, recorded iterates, divergence."""
