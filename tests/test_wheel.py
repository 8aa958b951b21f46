"""The wheel is whole: what it holds, unpacked elsewhere, refocuses a video."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_configs_weights_and_templates_are_in_it(installed_wheel):
    package = installed_wheel / "rackfocus"
    configs = {path.relative_to(ROOT / "conf") for path in (ROOT / "conf").rglob("*.yaml")}
    assert {path.relative_to(package / "conf") for path in (package / "conf").rglob("*.yaml")} == configs
    assert (package / "weights" / "rgbd_hdr.safetensors").is_file()
    assert (package / "weights" / "af_net.safetensors").is_file()
    assert (package / "evaluation" / "reports" / "pages" / "demo_page.html.j2").is_file()
    assert (package / "py.typed").is_file()
    assert (installed_wheel / "hydra_plugins" / "rackfocus_launcher.py").is_file()


@pytest.mark.slow
def test_the_source_distribution_makes_the_same_wheel(installed_wheel, tmp_path):
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*build, "--sdist", str(ROOT)], capture_output=True, check=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    subprocess.run([*build, "--wheel", str(sdist).removesuffix(".tar.gz")], capture_output=True, check=True)
    (made,), (direct,) = tmp_path.glob("*.whl"), installed_wheel.parent.glob("*.whl")
    with zipfile.ZipFile(made) as one, zipfile.ZipFile(direct) as other:
        assert {each.filename: each.CRC for each in one.infolist()} == {
            each.filename: each.CRC for each in other.infolist()
        }


def test_it_refocuses_outside_the_checkout(installed_wheel, tmp_path, write_event_clip):
    source = write_event_clip(tmp_path, "acts_0001", frames=2, events=()) / "clip.mp4"
    script = "import rackfocus, sys; print(rackfocus.__file__); from rackfocus.cli import main\n"
    # Torch's compiler takes seconds to import, and only gradients need it.
    script += "try: main()\nfinally: assert 'torch._dynamo' not in sys.modules"
    result = subprocess.run(
        [sys.executable, "-c", script, "refocus", str(source), "out.mp4", "focus.x=20", "focus.y=20"],
        cwd=tmp_path,
        # The code of this folder is compiled nowhere yet, which would take longer than the few pixels.
        env={**os.environ, "PYTHONPATH": str(installed_wheel), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert str(installed_wheel) in result.stdout
    assert (tmp_path / "out.mp4").stat().st_size > 1000
