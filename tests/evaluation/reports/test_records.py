import csv
import math

import pytest

from rackfocus.evaluation.reports.records import Record, read_records, write_records
from rackfocus.types import InputError


def test_the_csv_holds_every_record_and_blanks(tmp_path):
    records = [Record("raytraced", "1200", "ours", "f/2", psnr=1 / 3), Record("depth/x", "a", "other")]
    write_records(records, tmp_path / "records.csv")
    with (tmp_path / "records.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["ours", "other"]
    assert float(rows[0]["psnr"]) == 1 / 3
    assert rows[0]["whdr"] == rows[1]["psnr"] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["records.csv"]


def test_what_was_written_is_read(tmp_path):
    records = [Record("raytraced", "1200", "ours", "f/2", psnr=1 / 3, pu21_psnr=math.inf)]
    write_records(records, tmp_path / "records.csv")
    (read,) = read_records(tmp_path / "records.csv")
    assert (read.image, read.target, read.psnr, read.pu21_psnr) == ("1200", "f/2", 1 / 3, math.inf)
    assert math.isnan(read.whdr)


def test_what_holds_no_records_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="no records"):
        read_records(tmp_path / "records.csv")
    (tmp_path / "records.csv").write_text("scene,psnr\n1200,3\n")
    with pytest.raises(InputError, match=r"records\.csv holds no records of this version"):
        read_records(tmp_path / "records.csv")
