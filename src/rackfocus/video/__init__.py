"""Video: reads and writes frames one at a time, and keeps time stamps, orientation, colour tags and sound.

`open_video` reads a video, an animation, an image or a folder of images; `VideoWriter` writes H.264 like
its source. Both raise `rackfocus.types.InputError`, with one sentence, for any problem of a file.
"""

from rackfocus.video.colour import ColourTags, Transfer
from rackfocus.video.decode import open_video
from rackfocus.video.encode import VideoWriter
from rackfocus.video.reader import VideoReader
from rackfocus.video.source import Frame, Orientation, VideoInfo

__all__ = [
    "ColourTags",
    "Frame",
    "Orientation",
    "Transfer",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "open_video",
]
