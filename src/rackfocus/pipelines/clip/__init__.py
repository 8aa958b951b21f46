"""Refocusable clips on disk: made, read, checked and exported."""
