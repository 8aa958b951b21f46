"""Public benchmarks of others in their own form: renderings at given apertures, and refocused videos."""
