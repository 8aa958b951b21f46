"""Writes a clip as a phone would: H.264 in BT.709, and AAC if there is sound."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from jaxtyping import Float, UInt8

from rackfocus.optics.radiometry import linear_to_bt709


def encode_video(linear: Float[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """Linear light to 8-bit RGB with the curve of BT.709."""
    encoded = linear_to_bt709(torch.from_numpy(np.clip(linear, 0.0, 1.0).astype(np.float32)))
    return np.round(encoded.numpy() * 255.0).astype(np.uint8)


def write_mp4(
    path: Path,
    frames: Sequence[UInt8[np.ndarray, "height width 3"]],
    *,
    fps: int,
    sound: Float[np.ndarray, " sample"] | None = None,
    sample_rate: int = 48000,
) -> None:
    """Write frames, limited range; `sound` is one channel, -1 to 1, and begins with the first frame."""
    height, width, _ = frames[0].shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "16", "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        track = None
        if sound is not None:
            track = container.add_stream("aac", rate=sample_rate, layout="mono")
            track.bit_rate = 128_000
        for pixels in frames:
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
        if track is not None and sound is not None:
            wave = av.AudioFrame.from_ndarray(sound.astype(np.float32)[None], format="fltp", layout="mono")
            wave.sample_rate, wave.pts, wave.time_base = sample_rate, 0, Fraction(1, sample_rate)
            container.mux(track.encode(wave))
            container.mux(track.encode())
