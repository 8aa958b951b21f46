"""The whole path on a GPU, pretended on a CPU: no tensor is forgotten on the host, the result is the same."""

import av
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from rackfocus import InputError, load_model, make_clip, refocus, render
from rackfocus.models import rgbd_hdr
from rackfocus.models.backends import CompositeEstimator
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics import spans
from rackfocus.optics.radiometry import bt709_to_linear, linear_to_bt709
from rackfocus.pipelines import estimates
from rackfocus.pipelines import refocus as refocus_module
from rackfocus.pipelines.clip import make_clip as make_clip_module
from rackfocus.pipelines.clip.arrays import DISPARITY
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.pipelines.estimates import FRAMES_AT_ONCE
from rackfocus.pipelines.focusing.autofocus import open_footage
from rackfocus.pipelines.frame_estimator import FrameEstimator, ShownFrame
from rackfocus.pipelines.kept_estimates import STEPS
from rackfocus.video import encode, open_video
from rackfocus.video.codecs import H264
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer import gpu
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer

GPU, CPU = torch.device("cuda", 0), torch.device("cpu")


class OnGPU(torch.Tensor):
    """A tensor that says it is on a GPU; what it holds is a tensor of the host."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=GPU,
            requires_grad=held.requires_grad,
        )

    def __init__(self, held):
        self.held = held

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        # These address the GPU before they are dispatched, which a build of torch for the CPU cannot do.
        if func in (torch.Tensor.nonzero, torch.Tensor.contiguous):
            return tree_map(OnGPU, func(args[0].held, **(kwargs or {})))
        if func is torch.Tensor.__getitem__:
            require_there(func, args)
            return OnGPU(args[0].held[tree_map(host, args[1])])
        if func is torch.Tensor.__setitem__:
            require_there(func, args)
            args[0].held[tree_map(host, args[1])] = tree_map(host, args[2])
            return None
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


class Pretended(TorchDispatchMode):
    """What is asked for on a GPU is there; what is made without a device is not."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


def host(leaf):
    """What stands for it in a computation on the CPU."""
    if isinstance(leaf, torch.device):
        return CPU
    return leaf.held if isinstance(leaf, OnGPU) else leaf


def require_there(func, values):
    """Fail, as a GPU would, if a tensor is on the host and is no single number."""
    left = [each.shape for each in tree_leaves(values) if type(each) is torch.Tensor and each.dim()]
    if left:
        raise RuntimeError(f"{func} on two devices: on the host are {left}")


def compute(func, args, kwargs):
    """As a GPU would: all tensors but single numbers have to be there."""
    leaves = tree_leaves((args, kwargs))
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    there = [isinstance(tensor, OnGPU) for tensor in tensors]
    asked = [leaf for leaf in leaves if isinstance(leaf, torch.device)]
    name = func.overloadpacket._qualified_op_name
    if name == "aten::to" and func._overloadname == "other":
        on_gpu = there[1]
    elif asked:
        on_gpu = asked[0].type == "cuda"
    else:
        on_gpu = there[0] if name == "aten::copy_" else any(there)
    if any(there) and name not in ("aten::copy_", "aten::to", "aten::_to_copy"):
        require_there(func, leaves)
    known = {id(tensor.held): tensor for tensor in tensors if isinstance(tensor, OnGPU)}

    found = func(*tree_map(host, args), **tree_map(host, kwargs))

    def back(leaf):
        if not isinstance(leaf, torch.Tensor) or not on_gpu:
            return leaf
        return known.get(id(leaf)) if id(leaf) in known else OnGPU(leaf)

    return tree_map(back, found)


class Stream:
    def synchronize(self):
        pass


@pytest.fixture
def pretended(monkeypatch):
    """A GPU, in the thread of the test: stages run one after the other."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "pretended")
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: Stream())
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: None)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    # Without gradients the GPU kernels are called directly; the operator is computed as all others are.
    monkeypatch.setitem(spans._KERNELS, "cuda", spans._blend)
    for module in (estimates, refocus_module, make_clip_module):
        monkeypatch.setattr(module, "prefetch", iter)
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    with Pretended():
        yield
    torch.__future__.set_overwrite_module_params_on_conversion(False)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Ten frames of something that moves and in places clips."""
    path = tmp_path_factory.mktemp("video") / "in.mp4"
    random = np.random.default_rng(2)
    blocks = np.kron(random.integers(30, 256, (8, 12, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    blocks[10:20, 30:50] = 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(10):
            picture = np.ascontiguousarray(np.roll(blocks, index, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def network():
    torch.manual_seed(3)
    made = RGBDHDRNet(base_width=4, levels=3, spatial_bandwidth_px=4).eval()
    with torch.no_grad():
        made.unet.last.weight.mul_(30)
    return made


def stabilizer():
    return TemporalStabilizer(flow=DISFlow(), window_frames=1, look_ahead_frames=1, luma_scale=8)


def pictures(path):
    with open_video(path) as reader:
        return torch.stack([frame.encoded for frame in reader.frames()])


def settings():
    return {"model": network(), "stabilizer": stabilizer(), "network_size_px": 48}


LOSSLESS = H264(crf=0, preset="ultrafast")


def run_refocus(source, target, device, **how):
    how = {"focus": (40.0, 16.0), "f_number": 1.0, "codec": LOSSLESS} | settings() | how
    refocus(source, target, device=device, **how)
    return pictures(target)


@pytest.fixture(scope="module")
def on_the_cpu(source, tmp_path_factory):
    return run_refocus(source, tmp_path_factory.mktemp("cpu") / "o.mp4", "cpu")


def psnr(one, other):
    return -10 * (one - other).square().mean().log10()


@pytest.mark.usefixtures("pretended")
def test_from_file_to_file(source, on_the_cpu, tmp_path):
    seen = run_refocus(source, tmp_path / "o.mp4", "cuda")
    assert len(seen) == len(on_the_cpu) == 10
    assert psnr(seen, on_the_cpu) > 45
    assert psnr(pictures(source), on_the_cpu) < 35


@pytest.mark.gpu
def test_from_file_to_file_on_a_gpu(source, on_the_cpu, tmp_path):
    assert psnr(run_refocus(source, tmp_path / "o.mp4", "cuda"), on_the_cpu) > 40


@pytest.mark.usefixtures("pretended")
def test_half_precision_of_the_network_that_ships(source):
    """With what autocast casts on a GPU: another estimate, which renders to the same picture."""
    with open_video(source) as reader:
        srgb = next(reader.frames()).encoded[None]
    there, here = (
        FrameEstimator(load_model(), 96, device=device).estimate(srgb, [ShownFrame(0, 0.0)])
        for device in (GPU, CPU)
    )
    maps = [(there.disparity.held, there.log_exposure.held), (here.disparity, here.log_exposure)]
    assert not torch.equal(maps[0][0], maps[1][0])
    assert maps[0][0].dtype == torch.float32
    linear = bt709_to_linear(srgb)
    one, other = (linear_to_bt709(render(linear, *each, aperture_ratio=8.0)) for each in maps)
    assert psnr(one, other) > 40
    assert psnr(srgb, other) < 35


def follow_on_the_host(flow):
    """`rackfocus.video.flow.warp.follow`, with a device forgotten."""
    height, width = flow.shape[-2:]
    x, y = flow[0] + torch.arange(width), flow[1] + torch.arange(height)[:, None]
    return x, y, (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)


@pytest.mark.parametrize(
    ("where", "forgetful"),
    [
        ((gpu, "follow"), follow_on_the_host),
        ((estimates, "upload"), lambda values, _: values),
        ((rgbd_hdr, "splat"), lambda values, _: torch.zeros(*values.shape[:2], 2, 2)),
    ],
)
@pytest.mark.usefixtures("pretended")
def test_what_is_forgotten_on_the_host_is_noticed(source, tmp_path, monkeypatch, where, forgetful):
    monkeypatch.setattr(*where, forgetful)
    with pytest.raises(RuntimeError, match="on two devices"):
        run_refocus(source, tmp_path / "o.mp4", "cuda")


class Counted(RGBDHDRNet):
    """Records the sizes of its batches; the memory suffices for some images only."""

    suffices = FRAMES_AT_ONCE

    def forward(self, srgb, *, network_size_px=None):
        self.batches.append(len(srgb))
        if len(srgb) > self.suffices:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return super().forward(srgb, network_size_px=network_size_px)


def counted(suffices=FRAMES_AT_ONCE):
    torch.manual_seed(3)
    made = Counted(base_width=4, levels=3, spatial_bandwidth_px=4).eval()
    made.unet.last.weight.data.mul_(30)
    made.batches, made.suffices = [], suffices
    return made


@pytest.mark.parametrize(("suffices", "batches"), [(8, [8, 2]), (3, [8, 4, 2, 2, 2, 2, 2])])
@pytest.mark.usefixtures("pretended")
def test_as_many_frames_at_once_as_memory_suffices_for(source, on_the_cpu, tmp_path, suffices, batches):
    model = counted(suffices)
    assert psnr(run_refocus(source, tmp_path / "o.mp4", "cuda", model=model), on_the_cpu) > 45
    assert model.batches == batches


@pytest.mark.usefixtures("pretended")
def test_memory_that_does_not_suffice_for_one_frame(source, tmp_path):
    with pytest.raises(InputError, match=r"^The memory of cuda:0 does not suffice, .* device=cpu\.$"):
        run_refocus(source, tmp_path / "o.mp4", "cuda", model=counted(0))
    assert not list(tmp_path.iterdir())


class Red(nn.Module):
    """Nearness is the red channel."""

    def forward(self, srgb):
        return srgb[:, :1]


@pytest.mark.usefixtures("pretended")
def test_the_scale_of_a_shot_on_a_device(source):
    """Eight frames at once, of which each has the scale of the first."""
    maps = {}
    for device in ("cuda", "cpu"):
        model = CompositeEstimator(network(), depth=Red())
        with open_footage(source, model=model, device=device) as footage:
            maps[device] = np.stack([shown.disparity for shown in footage.frames()])
    # A value that lies between two steps may be rounded to either.
    apart = np.abs(maps["cuda"] - maps["cpu"])
    assert apart.max() <= STEPS[DISPARITY]
    assert apart.mean() < 1e-3
    assert maps["cpu"].std() > 0.5


def begun(source, target, device, stop=4):
    """A clip of which some frames are made."""

    class Stop(Exception):
        pass

    def progress(done, _):
        if done == stop:
            raise Stop

    with pytest.raises(Stop):
        make_clip(source, target, device=device, progress=progress, **settings())


@pytest.mark.usefixtures("pretended")
def test_a_clip_and_a_video_of_it(source, tmp_path):
    for device in ("cuda", "cpu"):
        target = tmp_path / f"{device}.rvr"
        make_clip(source, target, device=device, **settings())
        refocus(target, tmp_path / f"{device}.mp4", focus=(40.0, 16.0), codec=LOSSLESS, device=device)
    there, here = (RefocusableClip.open(tmp_path / f"{device}.rvr") for device in ("cuda", "cpu"))
    for frame in range(10):
        torch.testing.assert_close(there.disparity(frame), here.disparity(frame), atol=0.05, rtol=0.02)
    assert psnr(*(pictures(tmp_path / f"{device}.mp4") for device in ("cuda", "cpu"))) > 40
    assert there.info.settings["device"] == "cuda, pretended"
    assert "device" not in here.info.settings


@pytest.mark.usefixtures("pretended")
def test_a_clip_begun_on_another_device(source, tmp_path, caplog):
    target, done = tmp_path / "c.rvr", []
    begun(source, target, "cuda")
    make_clip(source, target, device="cpu", progress=lambda *told: done.append(told[0]), **settings())
    assert done == list(range(1, 11))
    assert f"{target} was begun on another device; it starts anew." in caplog.text
    before = target.stat().st_mtime_ns
    # A finished one is left as it is.
    assert make_clip(source, target, device="cuda", **settings()) == 10
    assert target.stat().st_mtime_ns == before


@pytest.mark.usefixtures("pretended")
def test_another_device_does_not_hide_other_settings(source, tmp_path):
    begun(source, tmp_path / "c.rvr", "cuda")
    with pytest.raises(InputError, match="made with another network_size_px"):
        make_clip(source, tmp_path / "c.rvr", device="cpu", **settings() | {"network_size_px": 32})
    assert (tmp_path / "c.rvr").is_dir()


@pytest.mark.usefixtures("pretended")
def test_a_video_begun_on_another_device(source, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(encode, "SEGMENT_FRAMES", 3)

    class Stop(Exception):
        pass

    def first_frame(device):
        done = []

        def progress(count, _):
            done.append(count)
            if count == 7:
                raise Stop

        with pytest.raises(Stop):
            run_refocus(source, tmp_path / "o.mp4", device, progress=progress)
        return done[0]

    assert [first_frame(device) for device in ("cuda", "cuda")] == [1, 7]
    assert not caplog.text
    assert first_frame("cpu") == 1
    assert "o.mp4 was begun on another device or otherwise; it starts anew." in caplog.text
