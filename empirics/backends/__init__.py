"""Who computes the rounds: torch, the compiled engine, CUDA graphs, agents on demand."""
