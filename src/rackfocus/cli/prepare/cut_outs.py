"""`rackfocus prepare cut_outs`: cut out the subjects of photographs whose masks are reliable."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.progress import progress_bar
from rackfocus.data.preparation.cut_out_making import CutOutRules, cut_out
from rackfocus.data.preparation.teaching_pictures import teaching_pictures
from rackfocus.models.subject_masks import SubjectMask, refined
from rackfocus.one_writer import one_writer
from rackfocus.whole_files import write_whole


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("prepare/cut_outs", run, arguments)


def run(cfg: DictConfig) -> None:
    """Cut out the subjects of photographs that were not processed yet."""
    folders = [cfg.photographs] if isinstance(cfg.photographs, str) else list(cfg.photographs)
    sources = teaching_pictures(folders, frames_per_clip=cfg.frames_per_clip)
    root = Path(cfg.folder)
    rules: CutOutRules = instantiate(cfg.rules)
    mask: SubjectMask = instantiate(cfg.mask)
    names = [name for source in sources for name in source.names]
    root.parent.mkdir(parents=True, exist_ok=True)
    with one_writer(root), progress_bar("cutting out", "pictures") as progress:
        missing = {name for name in names if not _seen(root, name).is_file()}
        done, made = len(names) - len(missing), 0
        progress(done, len(names))
        for source in sources:
            if missing.isdisjoint(source.names):
                continue
            for name, picture in source.pictures(missing, cfg.longer_side_px):
                image = torch.from_numpy(picture.transpose(2, 0, 1))[None].float() / 255
                found = cut_out(picture, refined(mask(image), image)[0, 0].numpy(), rules)
                if not isinstance(found, str):
                    path = root / f"{name}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_whole(
                        path, cv2.imencode(".png", cv2.cvtColor(found, cv2.COLOR_RGBA2BGRA))[1].tobytes()
                    )
                    made += 1
                seen = _seen(root, name)
                seen.parent.mkdir(parents=True, exist_ok=True)
                seen.write_text(found if isinstance(found, str) else "", encoding="utf-8")
                done += 1
                progress(done, len(names))
    print(f"{made} subjects of {len(missing)} new pictures: {root}")


def _seen(root: Path, name: str) -> Path:
    """The path of the file that marks an image as processed, with the reason if its subject was rejected."""
    return root / ".seen" / f"{name}.txt"
