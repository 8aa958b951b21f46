import pytest

from rackfocus.evaluation.reproduction.claims import (
    NOT_DECIDABLE,
    NOT_UPHELD,
    UPHELD,
    Claim,
    judge,
    read_verdicts,
    write_verdicts,
)
from rackfocus.evaluation.reproduction.numbers import (
    Number,
    mean_of,
    missing,
    read_numbers,
    text,
    write_numbers,
)


@pytest.mark.parametrize(
    ("low", "high", "n", "verdict", "why"),
    [
        ("0.10", "0.30", 6, UPHELD, ""),
        ("-0.30", "-0.10", 6, NOT_UPHELD, ""),
        ("-0.10", "0.30", 6, NOT_DECIDABLE, "the interval includes 0"),
        ("0", "0.30", 6, NOT_DECIDABLE, "the interval includes 0"),
        ("0.10", "0.30", 4, NOT_DECIDABLE, "4 samples are fewer than 5"),
    ],
)
def test_the_whole_interval_on_one_side_decides_a_claim(low, high, n, verdict, why):
    number = Number("gain", value="0.2", low=low, high=high, n=n)
    found = judge(Claim("It helps", "Fig. 1", "gain", above=0), [number])
    assert (found.verdict, found.why, found.wanted) == (verdict, why, "> 0")


def test_an_upper_bound_holds_below():
    number = Number("error", value="2", low="1", high="3", n=9)
    assert judge(Claim("It is small", "Fig. 1", "error", below=4), [number]).verdict == UPHELD
    assert judge(Claim("It is small", "Fig. 1", "error", below=0.5), [number]).verdict == NOT_UPHELD


def test_what_is_missing_decides_nothing_and_says_why():
    claim = Claim("It is better", "Fig. 7A", "error", below=1)
    found = judge(claim, [missing("error", "weights not found: get them")])
    assert (found.verdict, found.why) == (NOT_DECIDABLE, "weights not found: get them")
    assert judge(claim, []).why == "not measured"


def test_a_claim_has_one_bound():
    with pytest.raises(ValueError, match="one bound"):
        Claim("It helps", "Fig. 1", "gain", above=0, below=1)


def test_a_mean_leaves_out_what_is_unknown():
    number = mean_of("gain", [1.0, float("nan"), 3.0], unit="dB", paper="2")
    assert (number.value, number.n, number.unit, number.paper) == ("2.000", 2, "dB", "2")
    assert float(number.low) >= 1
    assert float(number.high) <= 3
    assert mean_of("gain", [float("nan")]).value == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0"), (12.3456, "12.35"), (-0.0123456, "-0.01235"), (123456.0, "123456"), (float("inf"), "inf")],
)
def test_four_digits_are_told(value, told):
    assert text(value) == told


def test_files_give_back_what_was_written(tmp_path):
    numbers = [mean_of("gain, in all", [1.0, 2.0]), missing("other", 'no "file", here')]
    write_numbers(numbers, tmp_path / "numbers.csv")
    assert read_numbers(tmp_path / "numbers.csv") == numbers
    verdicts = [judge(Claim("a, b", "Fig. 1", "gain, in all", above=0), numbers)]
    write_verdicts(verdicts, tmp_path / "claims.csv")
    assert read_verdicts(tmp_path / "claims.csv") == verdicts
