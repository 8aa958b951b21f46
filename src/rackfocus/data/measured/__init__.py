"""Data sets for evaluation only: pictures and videos with measured depth, light, motion or masks."""
