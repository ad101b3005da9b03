"""One setting, or a grid of them, without a plan file: words in, verdict rows out."""
