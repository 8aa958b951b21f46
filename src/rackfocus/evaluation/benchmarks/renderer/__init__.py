"""Benchmark of renderers: speed, memory and quality, by `rackfocus benchmark renderer`."""
