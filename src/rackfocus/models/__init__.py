"""Networks: RGBD-HDR, AF-Net, adapters for depth and HDR models of others, and checkpoints."""
