"""The default temporal filter, with the values of `conf/stabilizer/look_ahead.yaml`."""

from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer


def look_ahead_stabilizer() -> TemporalStabilizer:
    """Three frames before and three after, weighted by their similarity in luma, along DIS flow."""
    return TemporalStabilizer(
        flow=DISFlow(),
        window_frames=3,
        look_ahead_frames=3,
        size_px=640,
        delta_px=1.0,
        outlier_scale=0.003,
        luma_scale=8,
    )
