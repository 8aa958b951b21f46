import pytest
import torch

from rackfocus.models.af_net import AFNet
from rackfocus.models.af_net_files import load_af_net, save_af_net
from rackfocus.types import InputError

TINY = {"width": 8, "feature_width": 8, "time_width": 8}


def network(**settings):
    torch.manual_seed(2)
    net = AFNet(**TINY | settings)
    # As after training: statistics of batches that are not 0 and 1, and different units weigh differently.
    net(torch.rand(2, 9, 3, 32, 48))
    return net.eval()


def clip(frames, height=32, width=48):
    return torch.rand(1, frames, 3, height, width, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize(("frames", "size"), [(1, (32, 48)), (3, (45, 80)), (40, (33, 20)), (12, (90, 17))])
def test_clips_of_any_length_and_aspect(frames, size):
    output = network()(clip(frames, *size))
    assert output.region_logits.shape == (1, frames, 1, *size)
    assert output.target_logits.shape == (1, frames)
    assert output.region_logits.isfinite().all()
    assert output.target_logits.isfinite().all()


@torch.inference_mode()
def windows_one_by_one(net, frames):
    """The definition: for each frame, CNN-1 on each unit of its window, and CNN-2's layers on all of them."""
    count = frames.shape[1]
    logits = []
    for centre in range(count):
        summed = 0
        for number, place in enumerate(net.window_places):
            middle = centre + place
            if not 0 <= middle < count:
                continue
            unit = [min(max(middle + each, 0), count - 1) for each in net.unit_places]
            padded = frames[:, unit] - 0.5
            _, features = net.region_network(padded[:, len(unit) // 2], padded[0].mean(1)[None])
            stacked = torch.cat([features, torch.ones_like(features[:, :1])], 1)
            weight = net.time_network.first.weight.unflatten(0, (len(net.window_places), -1))[number]
            summed = summed + torch.nn.functional.conv2d(stacked, weight, stride=2, padding=1)
        logits.append(net.time_network(summed))
    return torch.cat(logits)


@torch.inference_mode()
def test_a_whole_clip_is_every_window_of_it():
    net, frames = network(units=5, unit_stride=3).double(), clip(18).double()
    found = net(frames).target_logits[0]
    assert found.std() > 1e-5
    torch.testing.assert_close(found, windows_one_by_one(net, frames), rtol=0, atol=1e-12)


@torch.inference_mode()
def test_a_prediction_rests_on_no_more_than_its_reach():
    net, frames = network(units=3, unit_stride=4, frames_per_unit=3).double(), clip(24).double()
    assert net.reach == 5
    whole = net(frames)
    part = net(frames[:, 7:18])
    torch.testing.assert_close(part.target_logits[0, 5], whole.target_logits[0, 12], rtol=0, atol=1e-12)
    torch.testing.assert_close(part.region_logits[0, 1:-1], whole.region_logits[0, 8:17], rtol=0, atol=1e-12)
    changed = frames.clone()
    changed[:, 17] += 0.5
    assert net(changed).target_logits[0, 12] != whole.target_logits[0, 12]
    changed = frames.clone()
    changed[:, 18:] += 0.5
    torch.testing.assert_close(
        net(changed).target_logits[0, 12], whole.target_logits[0, 12], rtol=0, atol=1e-12
    )


@torch.inference_mode()
def test_an_absent_unit_is_not_a_black_one():
    net = network().double()
    black = torch.zeros(1, 30, 3, 32, 48).double()
    logits = net(black).target_logits[0]
    # All units of the middle frame's window are there, of the first one's only those from its middle on.
    assert abs(logits[0] - logits[15]) > 1e-6


def test_both_networks_learn_from_both_outputs():
    net = AFNet(**TINY)
    output = net(clip(12))
    output.target_logits.sum().backward()
    assert all(values.grad is not None for values in net.time_network.parameters())
    assert net.region_network.stem[0][0].weight.grad.abs().sum() > 0


@torch.inference_mode()
def test_a_centre_prior_is_a_gaussian_over_the_picture(tmp_path):
    net, frames = network(), clip(2, 33, 20)
    save_af_net(net, tmp_path / "net.safetensors")
    prior = load_af_net(tmp_path / "net.safetensors", centre_prior=True)
    added = prior(frames).region_logits - net(frames).region_logits
    y, x = torch.meshgrid(torch.arange(33), torch.arange(20), indexing="ij")
    # A standard deviation of 1 / sqrt(6) of half the picture.
    expected = -3 * (((y - 16) / 16.5) ** 2 + ((x - 9.5) / 10) ** 2)
    torch.testing.assert_close(added, expected.expand_as(added), rtol=0, atol=1e-4)
    assert torch.equal(prior(frames).target_logits, net(frames).target_logits)
    save_af_net(prior, tmp_path / "prior.safetensors")
    assert load_af_net(tmp_path / "prior.safetensors").architecture["centre_prior"]


def test_the_shipped_network_is_small():
    assert sum(values.numel() for values in AFNet().parameters()) * 2 < 15e6


@torch.inference_mode()
def test_a_file_holds_the_network(tmp_path):
    net, frames = network(units=3), clip(5)
    save_af_net(net, tmp_path / "net.safetensors")
    again = load_af_net(tmp_path / "net.safetensors")
    assert not again.training
    assert torch.equal(again(frames).target_logits, net(frames).target_logits)
    save_af_net(net, tmp_path / "half.safetensors", half=True)
    halved = load_af_net(tmp_path / "half.safetensors")(frames).target_logits
    torch.testing.assert_close(halved, net(frames).target_logits, rtol=0, atol=1e-2)
    assert (tmp_path / "half.safetensors").stat().st_size < (tmp_path / "net.safetensors").stat().st_size


def test_what_is_no_af_net_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="There is no checkpoint"):
        load_af_net(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("nothing")
    with pytest.raises(InputError, match="not a safetensors file"):
        load_af_net(tmp_path / "text.safetensors")
    from safetensors.torch import save_file

    save_file({"one": torch.zeros(1)}, tmp_path / "other.safetensors", {"format": "rackfocus.rgbd_hdr"})
    with pytest.raises(InputError, match="holds no rackfocus"):
        load_af_net(tmp_path / "other.safetensors")
