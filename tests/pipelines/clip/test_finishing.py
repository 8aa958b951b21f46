"""The scripts of `experiments/finishing`: what Blender, Nuke and Natron are told of an exported clip."""

import ast
import importlib
import json
import math
import operator
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import OpenEXR
import pytest
import torch

import rackfocus
from rackfocus.focus.annotation.json_file import annotated_video
from rackfocus.focus.annotation.keyframes import disparity_at, f_number_at, keyframes_json, load_keyframes
from rackfocus.pipelines.clip.exr import export_exr, write_exr
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip

FOLDER = Path(__file__).parents[3] / "experiments" / "finishing"
KEYFRAMES = rackfocus.FocusKeyframes(
    (
        rackfocus.FocusKeyframe(1, -3.5, 2.0),
        rackfocus.FocusKeyframe(2, f_number=5.6),
        rackfocus.FocusKeyframe(4, 6.0),
    )
)


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """The scripts import each other as they do when they are run."""
    monkeypatch.syspath_prepend(str(FOLDER))


@pytest.fixture
def frames(tmp_path, clip):
    """The frames of a clip as they are really exported, in a folder with a name of special characters."""
    folder = tmp_path / "to [the] $hop"
    export_exr(RefocusableClip.open(clip), folder)
    return folder


@pytest.fixture
def track(tmp_path):
    path = tmp_path / "track.json"
    path.write_text(keyframes_json(KEYFRAMES))
    return path


@pytest.fixture
def shot(frames, track):
    return script("shot").shot_of(frames, str(track))


def script(name):
    return importlib.import_module(name)


def run(name, *arguments, **settings):
    """A script as a person runs it."""
    command = [sys.executable, str(FOLDER / f"{name}.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)


def test_the_focus_of_each_frame_is_that_of_our_own_keyframes(frames, shot, track):
    told = load_keyframes(track)
    assert shot.folder == frames
    assert (shot.files, shot.stem, shot.first, shot.last) == ("in.%06d.exr", "in", 0, 5)
    assert shot.focal_px == pytest.approx([disparity_at(told, frame, 0.0) for frame in range(6)])
    assert shot.f_numbers == pytest.approx([f_number_at(told, frame, 0.0) for frame in range(6)])
    lenses = [rackfocus.Lens(f_number=each) for each in shot.f_numbers]
    assert shot.aperture_ratios == tuple(lens.aperture_ratio for lens in lenses)


def test_a_disparity_and_an_f_number_hold_for_all_frames(frames, track):
    shot_of = script("shot").shot_of
    assert shot_of(frames, "-2.5").focal_px == (-2.5,) * 6
    assert shot_of(frames, "-2.5").f_numbers == (2.0,) * 6
    assert shot_of(frames, str(track), 4.0).f_numbers == (4.0,) * 6


@pytest.mark.parametrize(
    ("files", "arguments", "says"),
    [
        ({}, [], "export.json cannot be used (FileNotFoundError); export the clip"),
        ({"export.json": {"format": "rackfocus.clip"}}, [], "is rackfocus.clip, and not rackfocus.export"),
        ({"export.json": {"format": "rackfocus.export"}}, [], "export.json cannot be used (KeyError)"),
        ({"export.json": "png"}, [], "holds no OpenEXR frames"),
        ({"export.json": "exr"}, [], "lacks frame 0; export the clip again"),
        ({"export.json": "exr"}, ["--focus", "nan"], "finite number of pixels"),
        ({"export.json": "exr"}, ["--f-number", "0"], "positive number such as 2.8, and is 0"),
        ({"export.json": "exr", "a.json": [3]}, ["--focus", "a.json"], "a.json cannot be used (TypeError)"),
        ({"export.json": "exr", "a.json": {"format": "rackfocus.focus"}}, ["--focus", "a.json"],
         "is rackfocus.focus, and not rackfocus.keyframes; make it with focus_track.py"),
        ({"export.json": "exr", "a.json": [{"frame": 0, "f_number": 2}]}, ["--focus", "a.json"],
         "gives no disparity"),
        ({"export.json": "exr", "a.json": [{"time_s": 0, "disparity": 2}]}, ["--focus", "a.json"],
         "in seconds"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_sentence(tmp_path, files, arguments, says):
    for name, content in files.items():
        if isinstance(content, str):
            content = {"format": "rackfocus.export", "files": f"in.%06d.{content}", "first": 0, "frames": 2}
        if isinstance(content, list) and isinstance(content[0], dict):
            content = {"format": "rackfocus.keyframes", "version": 1, "keyframes": content}
        (tmp_path / name).write_text(json.dumps(content))
    result = run("to_nuke", tmp_path, tmp_path / "shot.nk", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert says in result.stderr
    assert result.stderr.startswith("to_nuke.py: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "shot.nk").exists()


def test_a_clip_is_exported_first(tmp_path, clip, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(script("shot").ShotError, match="no rackfocus here"):
        script("shot").shot_of(clip, "0")
    program = tmp_path / "bin" / "rackfocus"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom rackfocus.cli import main\nmain()\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("PYTHONPATH", str(Path(rackfocus.__file__).parents[1]))
    shot = script("shot").shot_of(clip, "0")
    assert shot.folder == clip.with_suffix(".frames")
    assert len(list(shot.folder.glob("in.*.exr"))) == 6


def test_blender_is_told_the_blur_radius(shot):
    blender = script("to_blender")
    maths = {"SUBTRACT": operator.sub, "ABSOLUTE": abs, "MULTIPLY": operator.mul, "ADD": operator.add}
    disparity = torch.tensor([-7.0, 0.0, 2.5])
    for frame, (focal, f_number) in enumerate(zip(shot.focal_px, shot.f_numbers, strict=True)):
        value = disparity
        for _, operation, operands in blender.operations(shot, 0.125):
            value = maths[operation](value, *operands[min(frame, len(operands) - 1) :][:1])
        ratio = rackfocus.Lens(f_number=f_number).aperture_ratio
        blur = rackfocus.refocus_disparity(disparity, aperture_ratio=ratio, focal_disparity=focal)
        torch.testing.assert_close(value, blur.abs() + 0.125)


def knobs(path):
    """The nodes of a Nuke script and their knobs, as Tcl reads them."""
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh is not installed (Debian: apt-get install tcl)")
    listing = """
    proc unknown {name args} {
        foreach {knob value} [lindex $args end] { puts "$name\t$knob\t$value" }
    }
    source [lindex $argv 0]
    """
    reader = path.with_suffix(".tcl")
    reader.write_text(listing)
    result = subprocess.run(["tclsh", reader, path], capture_output=True, text=True, check=True)
    nodes = {}
    for line in result.stdout.splitlines():
        name, knob, value = line.split("\t")
        nodes.setdefault(name, {})[knob] = value
    return nodes


def test_nuke_blurs_by_the_disparity(tmp_path, frames, shot, track):
    path = tmp_path / "shot.nk"
    assert run("to_nuke", frames, path, "--focus", track).returncode == 0
    nodes = knobs(path)
    assert list(nodes)[1:] == ["Root", "Read", "Expression", "ZDefocus2", "Write"]
    assert nodes["Read"]["file"] == str(frames / "in.%06d.exr")
    assert nodes["Write"]["file"] == str(tmp_path / "shallow" / "in.%06d.exr")
    assert (nodes["Read"]["first"], nodes["Read"]["last"]) == ("0", "5")
    curves = {}
    for knob in ("focal_disparity", "f_number"):
        keys = re.fullmatch(r"\{curve (.*)\}", nodes["Expression"][knob])[1].split()
        assert keys[::2] == [f"x{frame}" for frame in range(6)]
        curves[knob] = list(map(float, keys[1::2]))
    assert curves["focal_disparity"] == pytest.approx(shot.focal_px, rel=1e-5)
    assert curves["f_number"] == pytest.approx(shot.f_numbers, rel=1e-5)

    size, centre = float(nodes["ZDefocus2"]["size"]), float(nodes["ZDefocus2"]["center"])
    expression = nodes["Expression"]["expr0"].replace("depth.Z", "disparity")
    depths = []
    for disparity in (-30.0, -2.0, 1.5, 40.0):
        names = {"max": max, "disparity": disparity, "focal_disparity": 1.5, "f_number": 1.4}
        depth = eval(expression, {"__builtins__": {}}, names)
        assert size * (1 - centre / depth) == pytest.approx(2 / 1.4 * (disparity - 1.5))  # the thin lens
        depths.append(depth)
    assert depths == sorted(depths)
    assert depths[0] > 0


class Node:
    """Records what a script does to a node of Natron."""

    def __init__(self, plugin):
        self.plugin, self.inputs, self.values = plugin, {}, {}

    def setScriptName(self, name):
        self.name = name

    def connectInput(self, number, source):
        self.inputs[number] = source

    def getAvailableLayers(self):
        return [
            SimpleNamespace(getLayerName=lambda name=name: name, getComponentsNames=lambda parts=parts: parts)
            for name, parts in (("Color", ["R", "G", "B"]), ("Depth", ["Z"]))
        ]

    def getParam(self, name):
        return SimpleNamespace(
            setValue=lambda value: self.values.update({name: value}),
            setValueAtTime=lambda value, frame, at: self.values.update({(name, frame, at): value}),
        )


def test_natron_is_told_focus_and_aperture(tmp_path, frames, shot, track):
    path = tmp_path / "shot.py"
    assert run("to_natron", frames, path, "--focus", track).returncode == 0
    nodes = []

    def make(plugin):
        nodes.append(Node(plugin))
        return nodes[-1]

    names = {}
    exec(compile(ast.parse(path.read_text()), str(path), "exec"), names)
    names["createInstance"](SimpleNamespace(createNode=make, createReader=make, createWriter=make), None)
    reader, shuffle, focus, aperture, defocus, writer = nodes
    assert (reader.plugin, writer.plugin) == (
        str(frames / "in.######.exr"), str(tmp_path / "shallow" / "in.######.exr")
    )  # fmt: skip
    assert shuffle.values == {"outputAChoice": "A.Depth.Z"}
    assert [node.inputs for node in nodes[1:]] == [
        {1: reader}, {0: shuffle}, {0: focus}, {0: aperture}, {0: defocus}
    ]  # fmt: skip
    for frame in range(6):
        assert focus.values["value", frame, 3] == -shot.focal_px[frame]
        assert aperture.values["value", frame, 3] == shot.aperture_ratios[frame]
    assert [aperture.values[f"NatronOfxParamProcess{each}"] for each in "RGBA"] == [False, False, False, True]
    assert "void mainImage" in defocus.values["imageShaderSource"]


def test_the_shader_is_valid(tmp_path):
    if shutil.which("glslangValidator") is None:
        pytest.skip("glslangValidator is not installed (Debian: apt-get install glslang-tools)")
    shader = (FOLDER / "defocus.frag.glsl").read_text()
    natron = "#version 120\nuniform vec3 iResolution;\nuniform sampler2D iChannel0;\n"
    entry = "\nvoid main() { mainImage(gl_FragColor, gl_FragCoord.xy); }\n"
    path = tmp_path / "defocus.frag"
    path.write_text(natron + shader + entry)
    result = subprocess.run(["glslangValidator", path], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_a_focus_track_has_a_keyframe_for_each_frame(tmp_path, clip, source):
    target = rackfocus.FocusTarget(0, 16, 12, box=(8, 6, 24, 18))
    annotation = rackfocus.FocusAnnotation(annotated_video(source), (target,), aperture=2.8)
    rackfocus.save_annotation(tmp_path / "focus.json", annotation)
    assert run("focus_track", clip, tmp_path / "focus.json", tmp_path / "track.json").returncode == 0
    keyframes = load_keyframes(tmp_path / "track.json").keyframes
    assert [each.at for each in keyframes] == list(range(6))
    assert {each.f_number for each in keyframes} == {2.8}
    opened = RefocusableClip.open(clip)
    for frame, keyframe in enumerate(keyframes):
        inside = opened.disparity(frame)[0, 6:19, 8:25]
        assert inside.min() <= keyframe.disparity <= inside.max()
    missing = run("focus_track", tmp_path / "none.rvr", tmp_path / "focus.json", tmp_path / "other.json")
    assert missing.returncode == 2
    assert missing.stderr.startswith("focus_track.py: ")


@pytest.mark.slow
def test_blender_blurs_a_point_to_the_disk_that_is_told(tmp_path):
    if shutil.which("blender") is None:
        pytest.skip("Blender is not installed (Debian: apt-get install blender).")
    size, folder, target = 65, tmp_path / "frames", tmp_path / "blended"
    folder.mkdir()
    light, disparity = torch.zeros(3, size, size), torch.full((size, size), 7.0)
    light[:, size // 2, size // 2] = 500.0
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    about = {"format": "rackfocus.export", "files": "in.%06d.exr", "first": 3, "frames": 3}
    (folder / "export.json").write_text(json.dumps(about))
    for frame in range(3, 6):
        write_exr(folder / f"in.{frame:06d}.exr", header, light, disparity)
    focus = [rackfocus.FocusKeyframe(3, -5.0, 2.0), rackfocus.FocusKeyframe(5, 7.0, 4.0)]
    (tmp_path / "track.json").write_text(keyframes_json(rackfocus.FocusKeyframes(tuple(focus))))
    command = ["blender", "-b", "--factory-startup", "-noaudio", "-P", FOLDER / "to_blender.py", "--"]
    given = [folder, target, "--focus", tmp_path / "track.json"]
    subprocess.run([*command, *given], check=True, capture_output=True)
    assert (target / "finishing.blend").is_file()
    for frame, expected in ((3, 12.0), (4, 6.0 / math.sqrt(2)), (5, 0.0)):
        with OpenEXR.File(str(target / f"in.{frame:06d}.exr")) as file:
            seen = file.channels()["RGBA"].pixels[..., 1].astype(np.float64)
        assert seen.sum() == pytest.approx(500, rel=0.01)
        rows, columns = np.mgrid[:size, :size] - size // 2
        radius = math.sqrt(2 * (seen * (rows**2 + columns**2)).sum() / seen.sum())
        assert radius == pytest.approx(expected, abs=0.3)
