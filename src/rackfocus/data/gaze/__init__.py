"""Videos with recorded gaze or with annotated new focus targets: training data of AF-Net."""
