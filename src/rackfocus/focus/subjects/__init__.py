"""Subjects: which part of a region one is, at which disparity, and when another takes over."""
