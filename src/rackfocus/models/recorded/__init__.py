"""Depth recorded with a video, by a depth camera or another program."""
