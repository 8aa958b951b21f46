"""Headings and order of the metrics of a `Record` in tables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """How a metric of `Record` is shown: heading, digits after the point, and the subject of its table."""

    heading: str
    digits: int
    subject: str


COLUMNS = {
    "psnr": Column("PSNR", 2, "rendering"),
    "psnr_plain": Column("PSNR plain", 2, "rendering"),
    "psnr_lights": Column("PSNR lights", 2, "rendering"),
    "ssim": Column("SSIM", 4, "rendering"),
    "lpips": Column("LPIPS", 4, "rendering"),
    "blur_px": Column("blur px", 1, "rendering"),
    "boundary_f1": Column("edge F1", 3, "disparity"),
    "order": Column("order", 3, "disparity"),
    "isolation": Column("isolation", 3, "disparity"),
    "sharp": Column("subject sharp", 3, "disparity"),
    "soft": Column("ring soft", 3, "disparity"),
    "frame_change": Column("frame change", 4, "disparity"),
    "disparity_rms": Column("D error", 2, "disparity"),
    "disparity_rms_large": Column("D error large", 2, "disparity"),
    "disparity_rms_aligned": Column("aligned", 3, "disparity"),
    "disparity_rms_large_aligned": Column("large aligned", 3, "disparity"),
    "disparity_share": Column("of one plane", 3, "disparity"),
    "abs_rel": Column("abs rel", 3, "disparity"),
    "whdr": Column("WHDR", 3, "disparity"),
    "hdr_log_mse": Column("HDR log MSE", 4, "light"),
    "pu21_psnr": Column("PU21-PSNR", 2, "light"),
    "seconds": Column("s", 3, "time"),
}

BRIEF = (
    "psnr_plain",
    "psnr_lights",
    "ssim",
    "disparity_rms",
    "disparity_rms_large",
    "disparity_rms_aligned",
    "hdr_log_mse",
)
"""The most important columns for ray-traced scenes."""

UNIT_COLUMNS = ("disparity_rms_aligned", "disparity_rms_large_aligned")
"""Columns in the units of the truth: pixels, 1/m or unknown."""

LEGEND = (
    "PSNR in dB: of scenes without lights (plain), within one blur radius of lights (lights). "
    "D error: RMS in px, over all pixels or the quarter with the largest blur; aligned: after the best scale "
    "and shift, in the truth's units; of one plane: over the truth's standard deviation, 1 for the best "
    "single plane. What is in brackets was borrowed from the truth to render with, so that the rendering is "
    "an upper bound."
)

MASK_LEGEND = (
    "order: the share of pairs of points across a subject's boundary of which the inner one is nearer. "
    "isolation: with focus on the subject's median, the share of pairs (pixel of the subject, pixel of the "
    "ring about it) with the latter blurred more. Both are .5 by chance. subject sharp: its share below 1 px "
    "of blur; ring soft: its share above 2 px; at f/2, in pixels of a picture of 720 lines, for which depth "
    "without a scale is stretched to .03 of the longer side. edge F1: near the subject's boundary."
)
"""The legend of the metrics at the masks of subjects."""
