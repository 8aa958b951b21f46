"""Kinds of places: from a seed to the recipe of a scene."""
