import csv

from rackfocus.evaluation.reports.records import Record, write_records


def test_the_csv_holds_every_record_and_blanks(tmp_path):
    records = [Record("raytraced", "1200", "ours", "f/2", psnr=1 / 3), Record("depth/x", "a", "other")]
    write_records(records, tmp_path / "records.csv")
    with (tmp_path / "records.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["ours", "other"]
    assert float(rows[0]["psnr"]) == 1 / 3
    assert rows[0]["whdr"] == rows[1]["psnr"] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["records.csv"]
