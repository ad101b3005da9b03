"""Losses, meta-gradients and rounds again in Arb balls: what exact arithmetic would have produced."""
