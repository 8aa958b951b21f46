"""Finds the configuration of a command, and makes its help from the comments."""
