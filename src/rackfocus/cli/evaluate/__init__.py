"""`rackfocus evaluate`: networks on pictures, the stabiliser on clips, autofocus on videos; a module each."""

from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    from rackfocus.cli.evaluate import autofocus, images, stabilizer

    if arguments and arguments[0] == "stabilizer":
        return stabilizer.main(arguments[1:])
    if any(argument.startswith("table=") for argument in arguments):
        return autofocus.main(arguments)
    return images.main(arguments)
