"""Work in the background: estimating, following subjects, rendering pictures, autofocus, the final video."""
