import inspect
import json

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf

from rackfocus import InputError
from rackfocus.cli.configs.files import config_folder
from rackfocus.cli.configs.ranges import parse_range
from rackfocus.cli.refocus import parse_focus, parse_model
from rackfocus.focus.annotation.keyframes import load_keyframes
from rackfocus.models.backends import CompositeEstimator
from rackfocus.models.checkpoints import save_model
from rackfocus.pipelines.fingerprint import fingerprint
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer

BACKENDS = sorted(f"model/{path.parent.name}={path.stem}" for path in config_folder().glob("model/*/*.yaml"))


def composed(*overrides):
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return compose("refocus", ["source=in.mp4", "target=out.mp4", *overrides])


def test_without_backends_the_checkpoint_is_the_model():
    assert parse_model(composed()) == "rgbd-hdr"
    assert parse_model(composed("checkpoint=mine.safetensors")) == "mine.safetensors"


@pytest.mark.parametrize("choice", BACKENDS)
def test_every_backend_composes_and_names_what_its_class_takes(choice):
    half = choice.removeprefix("model/").partition("=")[0]
    settings = OmegaConf.to_container(composed(choice).model[half])
    inspect.signature(get_class(settings.pop("_target_"))).bind(**settings)


def test_a_backend_is_filled_up_by_the_network(tmp_path, tiny_network, shared):
    save_model(tiny_network, tmp_path / "tiny.safetensors")
    expandnet = f"model.hdr.weights={shared / 'weights' / 'expandnet.pth'}"
    model = parse_model(
        composed(f"checkpoint={tmp_path / 'tiny.safetensors'}", "model/hdr=expandnet", expandnet)
    )
    assert isinstance(model, CompositeEstimator)
    image = torch.rand(1, 3, 24, 32)
    torch.testing.assert_close(model(image).disparity, tiny_network.eval()(image).disparity)
    assert model(image).log_exposure.shape == (1, 3, 24, 32)


def test_with_both_backends_no_checkpoint_is_read(shared):
    pytest.importorskip("onnxruntime")
    weights = shared / "weights"
    model = parse_model(
        composed(
            "checkpoint=nowhere.safetensors",
            "model/depth=fastdepth",
            "model/hdr=expandnet",
            f"model.depth.weights={weights / 'fastdepth_7.onnx'}",
            f"model.hdr.weights={weights / 'expandnet.pth'}",
            "model.disparity_range=0.05",
        )
    )
    estimate = model(torch.rand(1, 3, 40, 60))
    assert 1 < estimate.disparity.abs().max() <= 0.05 * 60


def test_weights_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    with pytest.raises(InstantiationException) as raised:
        parse_model(composed("model/depth=megadepth"))
    assert isinstance(raised.value.__cause__, InputError)


@pytest.mark.parametrize(
    ("text", "frames"), [(None, (0, None)), ("0:48", (0, 48)), ("5:", (5, None)), (":9", (0, 9))]
)
def test_ranges_of_frames(text, frames):
    assert parse_range("frames", text) == frames


@pytest.mark.parametrize("text", ["48", "a:b", "5:5", "9:2", "-3:4", "1:2:3", 7])
def test_what_is_no_range(text):
    with pytest.raises(InputError, match=r"frames=.* is not a range"):
        parse_range("frames", text)


def test_focus_settings():
    assert parse_focus(None, None, None) == (None, None)
    assert parse_focus(3, 4, None) == ((3.0, 4.0), None)
    assert parse_focus(None, None, -2) == (-2.0, None)
    with pytest.raises(InputError, match="both"):
        parse_focus(3, None, None)
    with pytest.raises(InputError, match="not both"):
        parse_focus(3, 4, 1)
    with pytest.raises(InputError, match=r"focus\.x must be a number"):
        parse_focus("left", 4, None)


def test_focus_by_files(tmp_path):
    def track(name, *keyframes):
        path = tmp_path / name
        path.write_text(
            json.dumps({"format": "rackfocus.keyframes", "version": 1, "keyframes": list(keyframes)})
        )
        return str(path)

    both = track("both.json", {"frame": 0, "disparity": 1, "f_number": 2})
    aperture = track("aperture.json", {"frame": 0, "f_number": 2})
    plane = track("plane.json", {"frame": 0, "disparity": 1})
    assert parse_focus(None, None, None, None, both) == (load_keyframes(both), load_keyframes(both))
    assert parse_focus(None, None, None, None, plane) == (load_keyframes(plane), None)
    assert parse_focus(1, 2, None, None, aperture) == ((1.0, 2.0), load_keyframes(aperture))
    with pytest.raises(InputError, match="only once"):
        parse_focus(1, 2, None, None, plane)
    with pytest.raises(InputError, match="does not exist"):
        parse_focus(None, None, None, str(tmp_path / "none.json"))


@pytest.mark.parametrize("choice", ["codec=hevc", "codec=prores", "output=side_by_side", "output=disparity",
                                    "output=peaking", "stabilizer=none", "stabilizer=causal",
                                    "flow=farneback"])  # fmt: skip
def test_every_choice_can_be_made(choice):
    cfg = composed(choice)
    for part in (cfg.codec, cfg.output, cfg.stabilizer, cfg.lens, cfg.renderer):
        assert instantiate(part) is not None


def test_commands_and_python_have_one_temporal_filter_by_default():
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        clip = compose("make_clip", ["source=in.mp4", "target=out.rvr"])
    expected = fingerprint(stabilizer=look_ahead_stabilizer())
    for cfg in (composed(), clip):
        assert fingerprint(stabilizer=instantiate(cfg.stabilizer)) == expected
