import pytest
import torch
from safetensors.torch import save_file

from rackfocus import InputError, load_model
from rackfocus.models.checkpoints import FILES, save_model


@pytest.mark.parametrize("half", [False, True])
def test_a_saved_network_predicts_the_same(tiny_network, tmp_path, half):
    path = tmp_path / "network.safetensors"
    save_model(tiny_network, path, half=half)
    loaded = load_model(path)
    image = torch.rand(1, 3, 24, 30)
    tolerance = 5e-3 if half else 0
    torch.testing.assert_close(
        loaded(image).disparity, tiny_network(image).disparity, atol=tolerance, rtol=tolerance
    )
    assert loaded.architecture == tiny_network.architecture
    assert not loaded.training
    assert [file.name for file in tmp_path.iterdir()] == ["network.safetensors"]


def test_a_checkpoint_that_does_not_tell_its_network(tiny_network, tmp_path):
    path = tmp_path / "last.ckpt"
    torch.save(
        {"state_dict": {f"model.{name}": each for name, each in tiny_network.state_dict().items()}}, path
    )
    with pytest.raises(InputError, match="older version and does not tell its network"):
        load_model(path)
    torch.save([1, 2], path)
    with pytest.raises(InputError, match="is no checkpoint"):
        load_model(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="not a safetensors file"):
        load_model(path)


@pytest.mark.parametrize("name", FILES)
def test_the_networks_that_ship_load_and_see(name):
    prediction = load_model(name)(torch.rand(1, 3, 64, 96))
    assert prediction.disparity.shape == (1, 1, 64, 96)
    assert prediction.disparity.isfinite().all()


def test_what_is_no_checkpoint(tmp_path):
    with pytest.raises(InputError, match=r"no checkpoint .*nowhere.*'rgbd-hdr' or 'rgbd-hdr-apertures'"):
        load_model(tmp_path / "nowhere.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(InputError, match="not a safetensors file"):
        load_model(tmp_path / "text.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="holds no"):
        load_model(tmp_path / "other.safetensors")
