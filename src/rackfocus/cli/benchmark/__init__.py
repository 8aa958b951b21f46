"""`rackfocus benchmark`: what each stage costs in time and memory, a module each."""

from collections.abc import Sequence
from importlib import import_module

OTHERS = ("loading", "training", "refocus", "stabilizer", "tracker", "autofocus", "af_net", "annotate")
"""Beside the renderer's. Each has a configuration of its own."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    if arguments and arguments[0] in OTHERS:
        code: int = import_module(f"rackfocus.cli.benchmark.{arguments[0]}").main(arguments[1:])
        return code
    from rackfocus.cli.benchmark import renderer

    return renderer.main(arguments)
