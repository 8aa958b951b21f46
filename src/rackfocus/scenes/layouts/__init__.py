"""Layouts: functions from a seed to the recipe of a kind of place."""
