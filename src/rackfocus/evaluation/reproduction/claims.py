"""The claims of the paper, and what the numbers say of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rackfocus.evaluation.reports.records import write_csv
from rackfocus.evaluation.reproduction.numbers import Number
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows

UPHELD, NOT_UPHELD, NOT_DECIDABLE = "upheld", "not upheld", "not decidable here"
LEAST_SAMPLES = 5
"""Of fewer samples, the bootstrap interval is too narrow to decide anything."""
COLUMNS = ("text", "where", "number", "wanted", "verdict", "why")


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper that one number decides.

    Attributes:
        text: what the paper says.
        where: its section or figure.
        number: the name of the `Number` of the same item.
        above: the claim holds where the number is larger than this. `None`: it is an upper bound.
        below: the claim holds where the number is smaller than this.
    """

    text: str
    where: str
    number: str
    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"{self.text!r} needs one bound.")

    @property
    def wanted(self) -> str:
        """The bound, as in `> 0`."""
        return f"> {self.above:g}" if self.above is not None else f"< {self.below:g}"


@dataclass(frozen=True)
class Verdict:
    """What the numbers say of a claim, as the CSV file and the page show it: `upheld`, `not upheld` or `not
    decidable here`, and why.
    """

    text: str
    where: str
    number: str
    wanted: str
    verdict: str
    why: str


def judge(claim: Claim, numbers: Sequence[Number]) -> Verdict:
    """A claim is decided where the whole interval of its number lies on one side of the bound."""
    verdict, why = _decide(claim, {number.name: number for number in numbers})
    return Verdict(claim.text, claim.where, claim.number, claim.wanted, verdict, why)


def write_verdicts(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write one line for each claim, atomically."""
    write_csv(COLUMNS, [vars(verdict) for verdict in verdicts], path)


def read_verdicts(path: Path) -> list[Verdict]:
    """The verdicts of a file that `write_verdicts` wrote.

    Raises:
        InputError: the file cannot be read.
    """
    with reading(path, "cannot be read as the claims of an item; delete its folder and run again."):
        return [Verdict(**row) for row in read_rows(path, COLUMNS)]


def _decide(claim: Claim, numbers: Mapping[str, Number]) -> tuple[str, str]:
    number = numbers.get(claim.number)
    if number is None or not number.value:
        return NOT_DECIDABLE, "not measured" if number is None else number.source
    if number.n < LEAST_SAMPLES:
        return NOT_DECIDABLE, f"{number.n} samples are fewer than {LEAST_SAMPLES}"
    low, high = float(number.low), float(number.high)
    bound = claim.above if claim.above is not None else claim.below
    assert bound is not None
    is_above, is_below = low > bound, high < bound
    if not is_above and not is_below:
        return NOT_DECIDABLE, f"the interval includes {bound:g}"
    return (UPHELD if is_above == (claim.above is not None) else NOT_UPHELD), ""
