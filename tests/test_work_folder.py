"""What a job has done lies in a folder that no other job shares."""

from rackfocus.work_folder import work_folder


def test_the_same_job_finds_what_it_stored(tmp_path):
    out = tmp_path / "out.mp4"
    folder = work_folder(out, "parts", "a", lambda folder: (folder / "begun").touch())
    (folder / "done").touch()
    assert work_folder(out, "parts", "a") == folder
    assert sorted(file.name for file in folder.iterdir()) == ["begun", "done", "job.json"]
    (folder / "job.json").unlink()  # A kill, before the folder was filled.
    assert [file.name for file in work_folder(out, "parts", "a").iterdir()] == ["job.json"]


def test_two_jobs_have_no_folder_in_common(tmp_path, caplog):
    out = tmp_path / "out [1]*.mp4"
    first = work_folder(out, "parts", "a")
    others = [work_folder(out, "estimates", "a"), work_folder(tmp_path / "out [1]*.mov", "parts", "a")]
    assert caplog.text == ""
    second = work_folder(out, "parts", "b")
    assert second != first
    assert "begun on another device or otherwise; it starts anew" in caplog.text
    assert sorted(tmp_path.iterdir()) == sorted([second, *others])


def test_a_folder_named_as_before(tmp_path):
    """Without the sum of its job: whose it is is not known from its name."""
    name = work_folder(tmp_path / "out.mp4", "parts", "a").name
    (tmp_path / name).rename(tmp_path / f"{name.rpartition('-')[0]}.parts")
    assert work_folder(tmp_path / "out.mp4", "parts", "a").name == name
    assert [path.name for path in tmp_path.iterdir()] == [name]
