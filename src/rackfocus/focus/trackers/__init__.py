"""Trackers: shown a subject once, they say where it is in the frames that follow."""
