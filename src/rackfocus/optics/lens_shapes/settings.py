"""Checks of the settings of lens shapes."""

import math

from rackfocus.types import InputError


def check_number(name: str, value: object, low: float, high: float) -> None:
    """Raise InputError unless `value` is a number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"lens.shape.{name} must be a number from {low:g} to {high:g}, and is {value!r}.")


def check_finite(name: str, value: object) -> None:
    """Raise InputError unless `value` is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"lens.shape.{name} must be a finite number, and is {value!r}.")


def check_whole_number(name: str, value: object, low: int, high: int) -> None:
    """Raise InputError unless `value` is a whole number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"lens.shape.{name} must be a whole number from {low} to {high}, and is {value!r}.")
