"""Data sets to evaluate on: pictures and videos with measured depth, light, motion or masks."""
