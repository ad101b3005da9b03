"""What a report runs: plans read strictly from TOML, tasks by name, tasks of one's own."""
