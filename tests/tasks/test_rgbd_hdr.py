"""Training learns: a step moves the network, and one triplet overfits."""

import math
from functools import partial

import pytest
import torch

from rackfocus.data.apertures.augmentation import RandomView
from rackfocus.data.apertures.raytraced import RaytracedScenes
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics import Renderer
from rackfocus.tasks.data import collate
from rackfocus.tasks.rgbd_hdr import RGBDHDRTask


def focal_triplet(raytraced, scene, crop_px):
    """One triplet that is blurred much, cropped so that two cores can overfit it in minutes."""
    samples = RaytracedScenes(root=raytraced, split="train")
    view = RandomView(shorter_side_px=(256, 256), crop_px=crop_px)
    return collate([view(samples[2 * scene + 1], torch.Generator().manual_seed(0))])


def test_a_step_moves_the_network_and_not_the_photographs(raytraced):
    torch.manual_seed(0)
    task = RGBDHDRTask(
        RGBDHDRNet(base_width=4, levels=3), ApertureSupervision(Renderer()), learning_rate=1e-3
    )
    task.log = task.log_dict = lambda *_args, **_settings: None
    batch = focal_triplet(raytraced, 6, 48)
    before = [parameter.detach().clone() for parameter in task.model.parameters()]
    task.training_step(batch, 0).backward()
    task.configure_optimizers().step()
    moved = [not torch.equal(a, b) for a, b in zip(before, task.model.parameters(), strict=True)]
    assert all(moved)
    assert not batch.shallow.requires_grad


@pytest.mark.slow
def test_overfitting_one_triplet_brings_the_rendering_loss_under_a_fifth(raytraced):
    torch.manual_seed(1)
    loss = ApertureSupervision(Renderer(), smoothness_weight=0)
    task = RGBDHDRTask(RGBDHDRNet(base_width=16), loss, learning_rate=1e-3)
    batch = focal_triplet(raytraced, 6, 128)
    optimizer = task.configure_optimizers()
    losses = []
    for _ in range(1500):
        terms = loss(task.model(batch.deep), **batch._asdict())
        optimizer.zero_grad()
        terms.total.backward()
        optimizer.step()
        losses.append(terms.rendering.item() + terms.adjusted_rendering.item())
        if losses[-1] < losses[0] / 5:
            break
    assert min(losses) < losses[0] / 5


def test_the_learning_rate_is_fixed_unless_a_scheduler_changes_it_after_every_step():
    def rates(scheduler):
        task = RGBDHDRTask(
            RGBDHDRNet(base_width=4, levels=1), ApertureSupervision(Renderer()), 1e-3, scheduler=scheduler
        )
        found = task.configure_optimizers()
        if scheduler is None:
            return [group["lr"] for group in found.param_groups]
        (optimizer,), (plan,) = found
        assert plan["interval"] == "step"
        seen = []
        for _ in range(5):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            plan["scheduler"].step()
        return seen

    assert rates(None) == [1e-3]
    cosine = rates(partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=4))
    assert cosine == pytest.approx([1e-3 * (1 + math.cos(math.pi * step / 4)) / 2 for step in range(5)])
