"""A print from its first check to its record: what is refused, run, stopped, watched, resumed and kept."""
