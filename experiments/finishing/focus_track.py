"""Follows the targets of a focus annotation through a clip, and writes the focal disparity of each frame.

    python focus_track.py in.rvr focus.json track.json

Other programs cannot follow a subject; they read `track.json`, which has the format of `focus.track=` of
`rackfocus refocus`.
"""

import argparse
import dataclasses
from pathlib import Path

import rackfocus
from rackfocus.focus.annotation.keyframes import keyframes_json
from rackfocus.focus.puller import FocusPuller
from rackfocus.pipelines.focusing.autofocus import follow, open_footage
from rackfocus.whole_files import write_whole


def focus_track(clip: Path, annotation: rackfocus.FocusAnnotation) -> rackfocus.FocusKeyframes:
    """A keyframe for each frame of the clip, which begins with the first frame of its video."""
    puller = FocusPuller(**dataclasses.asdict(annotation.pulls))
    with open_footage(clip) as footage:
        track = follow(footage, annotation.targets, puller=puller)
    return rackfocus.FocusKeyframes(
        tuple(
            rackfocus.FocusKeyframe(frame, round(float(focal), 4), annotation.aperture)
            for frame, focal in enumerate(track.focal_disparity)
        )
    )


def main() -> None:
    """Write the track that the command line names."""
    parser = argparse.ArgumentParser(description="Write the focal disparity of each frame of a clip.")
    for name in ("clip", "annotation", "target"):
        parser.add_argument(name, type=Path)
    told = parser.parse_args()
    try:
        keyframes = focus_track(told.clip, rackfocus.load_annotation(told.annotation))
    except rackfocus.InputError as error:
        parser.exit(2, f"focus_track.py: {error}\n")
    write_whole(told.target, keyframes_json(keyframes).encode(), shared=True)


if __name__ == "__main__":
    main()
