"""What is known of a run without running it: closed forms, and proofs that no run leaves a ball."""
