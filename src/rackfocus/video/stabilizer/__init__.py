"""The temporal stabiliser (Sec. 4.2): disparity and HDR log exposure that do not flicker."""
