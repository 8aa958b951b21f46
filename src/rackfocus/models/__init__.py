"""Networks: RGBD-HDR, its U-Net and bilateral grid, VGG-19, and their weights."""
