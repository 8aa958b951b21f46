"""Networks: RGBD-HDR, AF-Net, what combines depth and HDR models of others, and checkpoints."""
