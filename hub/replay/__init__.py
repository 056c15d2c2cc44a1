"""Shadow replay: what other rules would have made of the past, beside what was."""
