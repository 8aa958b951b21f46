"""Finds the configurations of a command and of its user, and makes the help from the comments."""
