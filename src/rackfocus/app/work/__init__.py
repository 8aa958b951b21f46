"""Background work: estimating, following subjects, rendering images, autofocus, the final video."""
