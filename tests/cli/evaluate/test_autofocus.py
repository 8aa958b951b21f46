import csv

import pytest

from rackfocus.cli.configs.files import config_folder
from rackfocus.cli.evaluate import autofocus

TABLES = sorted(path.stem for path in config_folder().glob("table/*.yaml"))


class Counting:
    """A table of two rows, and of a data set that is not there."""

    def rows(self, folder, progress):
        assert folder.is_dir()
        for number in range(2):
            yield {"video": f"v{number}", "|Δt|": 1.5 * number}
            progress(number + 1, 2)
        yield {"set": "more", "left out": "nobody has it."}

    def summary(self, rows):
        return [{"video": "mean", "|Δt|": sum(row.get("|Δt|", 0) for row in rows) / 2}]


def test_a_table_is_written_and_printed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(autofocus, "instantiate", lambda _node: Counting())
    assert autofocus.main(["table=table_1", f"hydra.run.dir={tmp_path}"]) == 0
    with (tmp_path / "table.csv").open() as file:
        assert list(csv.DictReader(file)) == [
            {"video": "v0", "|Δt|": "0", "set": "", "left out": ""},
            {"video": "v1", "|Δt|": "1.5", "set": "", "left out": ""},
            {"video": "", "|Δt|": "", "set": "more", "left out": "nobody has it."},
            {"video": "mean", "|Δt|": "0.75", "set": "", "left out": ""},
        ]
    printed = capsys.readouterr().out
    assert "0.75" in printed
    assert "more is left out: nobody has it." in printed
    assert str(tmp_path) in printed.replace("\n", "")


@pytest.mark.parametrize("name", TABLES)
def test_every_table_composes(name, capsys):
    given = ["root=/data", "annotations=/annotated"]
    assert autofocus.main([f"table={name}", *given, "--cfg", "job", "--resolve"]) == 0
    assert "_target_: rackfocus.evaluation." in capsys.readouterr().out


def test_what_is_missing_is_told_in_a_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        autofocus.main(["table=table_1", f"folder={tmp_path}", f"hydra.run.dir={tmp_path / 'run'}"])
    assert "holds no annotated video" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        autofocus.main(["table=table_1", "device=cuda:99", f"hydra.run.dir={tmp_path / 'run'}"])
    assert "device=cuda:99 is not there" in capsys.readouterr().err
    assert autofocus.main(["table=table_7"]) == 2
    assert "table" in capsys.readouterr().err
