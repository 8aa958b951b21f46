"""Trackers: given a subject in one frame, they find it in the following frames."""
