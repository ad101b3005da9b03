"""A user's own bounds, read from a strict TOML file and set beside those of the theory."""
