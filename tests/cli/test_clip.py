"""`rackfocus make-clip` and `rackfocus clip`, run."""

import json
import sys

import av
import numpy as np
import pytest

from rackfocus.cli import clip, make_clip
from rackfocus.models.checkpoints import save_model


@pytest.fixture
def made(tmp_path, tiny_network, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_model(tiny_network, tmp_path / "tiny.safetensors")
    with av.open(str(tmp_path / "my video.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for index in range(4):
            picture = np.full((32, 48, 3), 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    code = make_clip.main(
        ["my video.mp4", "a.rvr", "checkpoint=tiny.safetensors", "stabilizer=none", "frames=1:"]
    )
    assert code == 0
    return tmp_path / "a.rvr"


def test_make_verify_info_export(made, capsys):
    assert clip.main(["verify", "a.rvr"]) == 0
    said = capsys.readouterr().out
    assert "a.rvr: 3 frames, all whole" in said
    assert "could not be compared" not in said
    assert clip.main(["info", "a.rvr"]) == 0
    assert "a.rvr: frames 1 to 3 of ../my video.mp4" in capsys.readouterr().out
    assert clip.main(["export", "a.rvr", "out", "format=png"]) == 0
    assert len(list((made.parent / "out").glob("a.*.png"))) == 3
    # As it was made before sums were recorded.
    content = json.loads((made / "clip.json").read_text())
    del content["chunk_sha256"], content["sha256"]
    (made / "clip.json").write_text(json.dumps(content))
    capsys.readouterr()
    assert clip.main(["verify", "a.rvr"]) == 0
    assert "so it could not be compared with what was written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["verify", "a.rvr"], "a.rvr has 1 broken of 3 frames: 2; remove it"),
        (["mend", "a.rvr"], "choose one of verify, info, export"),
        (["export", "a.rvr", "out", "format=tiff"], "choose one of exr, png"),
        (["export", "a.rvr"], "'target' has to be given"),
        (["verify", "none.rvr"], "is no refocusable clip"),
    ],
)
def test_mistakes_are_a_sentence_and_code_2(made, capsys, arguments, sentence):
    (made / "disparity" / "c.1.0.0.0").unlink()
    with pytest.raises(SystemExit, match="2"):
        sys.exit(clip.main(arguments))
    assert sentence in capsys.readouterr().err
