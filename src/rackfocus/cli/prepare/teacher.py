"""`rackfocus prepare teacher`: label photographs and frames of videos with a teacher network's nearness."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from rackfocus.cli.command import run_command
from rackfocus.cli.progress import progress_bar
from rackfocus.data.preparation.teaching_pictures import teaching_pictures
from rackfocus.data.taught.taught_photographs import is_labelled, write_label
from rackfocus.models.backends import DepthBackend
from rackfocus.one_writer import one_writer
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole

ABOUT_FILE = "teacher.json"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("prepare/teacher", run, arguments)


def run(cfg: DictConfig) -> None:
    """Label the images that have no label yet."""
    if cfg.longer_side_px < 64:
        raise InputError(f"longer_side_px must be 64 or more, and is {cfg.longer_side_px}.")
    folders = [cfg.photographs] if isinstance(cfg.photographs, str) else list(cfg.photographs)
    sources = teaching_pictures(folders, frames_per_clip=cfg.frames_per_clip)
    root = Path(cfg.folder)
    names = [name for source in sources for name in source.names]
    teacher: DepthBackend = instantiate(cfg.teacher)
    root.parent.mkdir(parents=True, exist_ok=True)
    with one_writer(root), progress_bar("labelling", "pictures") as progress:
        _remember(root, cfg)
        missing = {name for name in names if not is_labelled(root, name)}
        done = len(names) - len(missing)
        progress(done, len(names))
        for source in sources:
            if missing.isdisjoint(source.names):
                continue
            for name, picture in source.pictures(missing, cfg.longer_side_px):
                image = torch.from_numpy(picture.transpose(2, 0, 1))[None].float() / 255
                with torch.inference_mode():
                    nearness = teacher(image)[0, 0]
                if not nearness.isfinite().all():
                    raise InputError(f"The teacher gives no finite nearness of {name}; choose another.")
                write_label(root, name, picture, nearness)
                done += 1
                progress(done, len(names))
    print(f"{len(names)} pictures with labels, {len(missing)} of them new: {root}")


def _remember(root: Path, cfg: DictConfig) -> None:
    """Record which teacher labels the folder, so that labels of two teachers are never mixed in it."""
    about = {
        "teacher": OmegaConf.to_container(cfg.teacher, resolve=True),
        "longer_side_px": cfg.longer_side_px,
    }
    path = root / ABOUT_FILE
    if path.is_file():
        with reading(path, "cannot be read; give another folder."):
            before = read_json(path)
        if before != about:
            raise InputError(
                f"{root} holds labels by another teacher or of another size ({path}); give another folder."
            )
        return
    root.mkdir(exist_ok=True)
    write_whole(path, json.dumps(about, indent=2).encode())
