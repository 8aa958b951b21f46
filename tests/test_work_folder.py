"""What a job has done lies in a folder that no other job shares."""

from rackfocus.work_folder import JOB_FILE, take_parts, work_folder


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


def test_what_parts_of_a_job_stored_is_moved_and_those_of_others_are_removed(tmp_path):
    output = tmp_path / "o.v2.mp4"
    for kind, job, name in (("part0", "job", "a"), ("part48", "job", "b"), ("part48", "other", "c")):
        (work_folder(output, kind, job) / name).write_text(kind)
    beside = work_folder(tmp_path / "p.mp4", "part0", "job")
    folder = work_folder(output, "parts", "job")
    (work_folder(output, "part0", "job") / "a").write_text("part0")
    take_parts(folder)
    assert {path.name: path.read_text() for path in folder.iterdir() if path.name != JOB_FILE} == {
        "a": "part0"
    }
    assert set(tmp_path.iterdir()) == {folder, beside}
