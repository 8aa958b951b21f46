import pytest

from rackfocus.reading.json_text import parse_json


def test_what_is_read():
    text = '{"a": [1, -2.5, true, null, "\\u00e9"], "b": {"c": 9223372036854775807}}'
    assert parse_json(text) == {"a": [1, -2.5, True, None, "é"], "b": {"c": 2**63 - 1}}
    assert parse_json("[" * 64 + "]" * 64)


@pytest.mark.parametrize(
    "text",
    ["", "[1,]", "NaN", "-Infinity", "1e999", "9223372036854775808", "1" * 5000, "[" * 65 + "]" * 65,
     "[" * 200_000, '"\\ud800"', '{"a\\udc00": 1}', "[" + "0," * (1 << 22) + "0]"],
    ids=range(12),
)  # fmt: skip
def test_what_is_not(text):
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        parse_json(text)
