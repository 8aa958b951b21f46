"""`rackfocus prepare`: captures become a manifest, a teacher labels photographs, subjects are cut out."""

from collections.abc import Sequence

from rackfocus.cli.prepare import captures, cut_outs, teacher

SUBJECTS = {"teacher": teacher.main, "cut-outs": cut_outs.main}


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    if arguments and arguments[0] in SUBJECTS:
        return SUBJECTS[arguments[0]](arguments[1:])
    return captures.main(arguments)
