import json
import sys

import pytest
import torch
import torch.nn.functional as F

from rackfocus import InputError
from rackfocus.models.published.transformers_depth import LARGER_IS_NEARER, TransformersDepth, prepared_size

transformers = pytest.importorskip("transformers")

DEPTH_ANYTHING = {
    "size": {"height": 56, "width": 56},
    "keep_aspect_ratio": True,
    "ensure_multiple_of": 14,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}


def save_tiny(folder, **settings):
    """A Depth Anything of a few thousand random parameters, as `save_pretrained` leaves it."""
    torch.manual_seed(0)
    config = transformers.DepthAnythingConfig(
        backbone_config=transformers.Dinov2Config(
            image_size=28,
            patch_size=14,
            hidden_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            out_indices=[1, 2, 3, 4],
            reshape_hidden_states=False,
        ),
        reassemble_hidden_size=16,
        neck_hidden_sizes=[4, 4, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=4,
        **settings,
    )
    model = transformers.DepthAnythingForDepthEstimation(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    torch.nn.init.constant_(model.head.conv3.bias, 5)  # or its ReLU gives nothing
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(DEPTH_ANYTHING))
    return model.eval()


@torch.no_grad()
def test_relative_models_give_nearness(tmp_path):
    model = save_tiny(tmp_path)
    images = torch.rand(2, 3, 50, 90)
    seen = F.interpolate(images, size=(56, 98), mode="bicubic", antialias=True).clamp(0, 1)
    mean, std = (torch.tensor(DEPTH_ANYTHING[key]).view(3, 1, 1) for key in ("image_mean", "image_std"))
    predicted = model(pixel_values=(seen - mean) / std).predicted_depth[:, None]
    depth = TransformersDepth(tmp_path)
    nearness = depth(images)
    assert nearness.std() > 0
    torch.testing.assert_close(nearness, F.interpolate(predicted, size=(50, 90), mode="bilinear"))
    assert not depth.training
    assert not any(parameter.requires_grad for parameter in depth.parameters())


def test_metric_models_are_turned_round(tmp_path):
    save_tiny(tmp_path, depth_estimation_type="metric", max_depth=20)
    depth = TransformersDepth(tmp_path)
    assert not depth.larger_is_nearer
    nearness = depth(torch.rand(1, 3, 30, 30))
    assert nearness.shape == (1, 1, 30, 30)
    assert 0.05 <= nearness.min() < nearness.max() <= 10.0001


@pytest.mark.parametrize(
    ("config", "nearer"),
    [
        (transformers.DPTConfig(), True),
        (transformers.DPTConfig(add_projection=True), False),
        (transformers.ZoeDepthConfig(), False),
        (transformers.GLPNConfig(), False),
        (transformers.DepthProConfig(), True),
    ],
)
def test_what_families_predict(config, nearer):
    assert LARGER_IS_NEARER[config.model_type](config) is nearer


@pytest.mark.parametrize("size", [(480, 640), (641, 480), (375, 1242), (100, 100), (2160, 3840)])
@pytest.mark.parametrize("keep", [True, False])
def test_sizes_are_the_librarys(size, keep):
    reference = pytest.importorskip("transformers.models.dpt.image_processing_pil_dpt")
    expected = reference.get_resize_output_image_size(torch.empty(3, *size), (518, 518), keep, 14)
    preparation = {"size": {"height": 518, "width": 518}, "keep_aspect_ratio": keep, "ensure_multiple_of": 14}
    assert prepared_size(*size, preparation) == (expected.height, expected.width)


def test_sizes_without_a_size():
    assert prepared_size(100, 70, {}) == (100, 70)
    assert prepared_size(100, 70, {"size_divisor": 32}) == (96, 64)


def test_models_that_cannot_be_had(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    for name in (tmp_path / "none", "nobody/nothing", tmp_path):
        with pytest.raises(InputError, match=rf"The depth model {name} cannot be loaded \("):
            TransformersDepth(name)
    (tmp_path / "preprocessor_config.json").write_text("{}")
    with pytest.raises(InputError, match="of the family vit, of which we do not know"):
        TransformersDepth(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "depth_anything"}')
    with pytest.raises(InputError, match="cannot be loaded"):
        TransformersDepth(tmp_path)


def test_without_transformers(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"pip install 'rackfocus\[transformers\]'"):
        TransformersDepth("anything")
