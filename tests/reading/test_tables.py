import pytest

from rackfocus.reading.tables import read_rows


def test_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"x, y"\n\n2,\n')
    assert read_rows(path, ["b"]) == [{"a": "1", "b": "x, y"}, {"a": "2", "b": ""}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\n1\n", "no column 'b'"),
        ("a,b\n1\n", "line 2 "),
        ("a,b\n1,2\n1,2,3\n", "line 3 "),
        ("", "no column"),
    ],
)
def test_a_table_that_lacks_something(tmp_path, text, says):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=says):
        read_rows(path, ["a", "b"])
