"""The search for instances on which a measured left side exceeds a claimed right side."""
