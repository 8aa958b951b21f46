"""Scores of renderings as public benchmarks compute them: of pictures of 8 bits at full size, as they are."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.evaluation.public.stored import read_stored
from rackfocus.evaluation.public.target import PublishedSet, Target
from rackfocus.evaluation.reports.records import Record
from rackfocus.evaluation.reports.summary import Summary, summarise
from rackfocus.metrics.image import psnr_of_displayed, ssim_of_displayed
from rackfocus.metrics.lpips import LPIPS
from rackfocus.types import InputError

COLUMNS = ("psnr", "ssim", "lpips")
INPUT = "input, not blurred"


@torch.inference_mode()
def score_target(
    published: PublishedSet, target: Target, result: Path, *, data_set: str, method: str, lpips: LPIPS | None
) -> list[Record]:
    """The scores of a target's sharp picture, unblurred, and of a method's result, a picture file.

    PSNR, SSIM and LPIPS (AlexNet) are torchmetrics', of encoded pictures in 0..1. Nothing is aligned, reduced
    or fitted. Each target counts once: it is the record's `image`.

    Raises:
        InputError: a file is damaged, or the result is not of the truth's size.
    """
    truth = published.compared(published.truth(target))
    pictures = {
        INPUT: published.compared(published.sharp(target)),
        method: published.compared(read_stored(result)),
    }
    for name, picture in pictures.items():
        if picture.shape != truth.shape:
            (height, width), (rows, columns) = picture.shape[-2:], truth.shape[-2:]
            what = result if name == method else f"The sharp picture of {target.name}"
            raise InputError(
                f"{what} is {width}x{height} pixels where the truth has {columns}x{rows}; "
                "render it at full size."
            )
    return [
        Record(
            data_set=data_set,
            image=target.name,
            method=name,
            target=target.group,
            psnr=psnr_of_displayed(picture[None], truth[None]).item(),
            ssim=ssim_of_displayed(picture[None], truth[None]).item(),
            lpips=_lpips(lpips, picture, truth),
        )
        for name, picture in pictures.items()
    ]


def summarise_groups_and_all(
    records: Iterable[Record], targets: Sequence[Target], *, seed: int
) -> tuple[list[Summary], list[Summary]]:
    """The means over the targets of each group, in the order of rank, and those over all targets."""
    records = list(records)
    groups = list(dict.fromkeys(target.group for target in sorted(targets, key=lambda target: target.rank)))
    by_group = [
        dataclasses.replace(record, data_set=record.target)
        for record in sorted(records, key=lambda record: groups.index(record.target))
    ]
    return summarise(by_group, seed=seed), summarise(records, seed=seed)


def _lpips(
    lpips: LPIPS | None, picture: Float[Tensor, "3 height width"], truth: Float[Tensor, "3 height width"]
) -> float:
    return math.nan if lpips is None else lpips.of_displayed(picture[None], truth[None]).item()
