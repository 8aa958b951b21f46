import torch

from rackfocus.models.subject_masks import refined


def test_a_coarse_mask_moves_to_the_edge_of_the_picture():
    image = torch.zeros(1, 3, 300, 100)
    image[..., 52:] = 1
    coarse = ((torch.arange(100.0) - 46) / 8).clamp(0, 1).expand(1, 1, 300, 100)
    before, after = ((mask > 0.5) != (image[:, :1] > 0.5) for mask in (coarse, refined(coarse, image)))
    assert before.sum() > 0
    assert not after.any()
