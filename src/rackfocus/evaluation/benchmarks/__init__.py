"""Benchmarks: time and memory of each stage, and of the renderer compared with others, with its quality."""
