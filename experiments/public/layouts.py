"""Lays the few photographs at hand out as their sets are published, by links.

    python layouts.py DATA FOLDER

DATA holds `aperture/realbokeh` and `aperture/ebb` with files such as 4641_f2.0.jpg. FOLDER gets
`realbokeh/test/...` and `ebb/validation/...`.
"""

import json
import sys
from pathlib import Path

from rackfocus.data.apertures.aperture import aperture_scenes

data, folder = (Path(argument).resolve() for argument in sys.argv[1:])


def link(source: Path, target: Path) -> None:
    """A link at `target`, whose folder is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)


test = folder / "realbokeh" / "test"
(test / "metadata").mkdir(parents=True)
for number, scene in enumerate(aperture_scenes(data / "aperture" / "realbokeh")):
    about = {"id": number, "source_image": f"in/{scene.deep.file.stem}.JPG"}
    link(scene.deep.file, test / about["source_image"])
    shots = [(shot.f_number, f"gt/{scene.name}/{shot.file.stem}.JPG", shot.file) for shot in scene.shots]
    for _, name, file in shots:
        link(file, test / name)
    about |= {"target_avs": [each[0] for each in shots], "target_images": [each[1] for each in shots]}
    (test / "metadata" / f"{scene.name}.json").write_text(json.dumps(about))
for scene in aperture_scenes(data / "aperture" / "ebb"):
    link(scene.deep.file, folder / "ebb" / "validation" / "in" / f"{scene.name}.jpg")
    link(scene.shots[0].file, folder / "ebb" / "validation" / "gt" / f"{scene.name}.jpg")
