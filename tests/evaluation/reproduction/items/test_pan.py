import torch

from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.reproduction.items.pan import pan
from rackfocus.metrics.video.temporal import flow_warped_error


def test_a_pan_moves_by_a_pixel_a_frame_and_its_motion_is_exact(raytraced):
    scene = load_scene(scene_folders(raytraced, "test")[0])
    made = pan(scene, 4)
    assert len(made.clip.frames) == len(made.radiance) == len(made.clip.disparity) == 4
    assert made.clip.frames[0].shape == (256, 384 - 3, 3)
    torch.testing.assert_close(made.pictures[2][0], scene.deep_srgb[..., 2:-1], atol=1e-6, rtol=0)
    for at, step in enumerate(made.clip.motions):
        for maps in (made.clip.disparity, [light[0] for light in made.radiance]):
            assert flow_warped_error(maps[at], maps[at + 1], step.flow, step.visible) < 1e-5
    assert not made.clip.motions[0].visible[:, 0].any()
