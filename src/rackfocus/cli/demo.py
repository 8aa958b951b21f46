"""`rackfocus demo`: train, evaluate and refocus on the embedded data, and write a page about the results."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pytorch_lightning as pl
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.evaluate.images import evaluate
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import git_revision
from rackfocus.cli.train import METRICS_FILE, train
from rackfocus.data.apertures.raytraced import scene_folders
from rackfocus.evaluation.images.raytraced import evaluate_scenes, network_method, renderer_methods, unblurred
from rackfocus.evaluation.reports.pages.demo_page import (
    clip_timeline,
    scene_pictures,
    training_curve,
    write_page,
)
from rackfocus.evaluation.reports.records import write_records
from rackfocus.evaluation.reports.summary import summarise, summary_table
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.pipelines.refocus import refocus
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("demo", run, arguments)


def run(cfg: DictConfig) -> None:
    """Train, evaluate, refocus and report; each step prints its result."""
    began = time.monotonic()
    console, folder, root = Console(), run_folder(), Path(cfg.data.root)
    validation, test = scene_folders(root, "validation"), scene_folders(root, "test")

    console.rule("1 of 5: train")
    pl.seed_everything(cfg.seed, verbose=False)
    before = held_out_psnr(instantiate(cfg.model).eval(), validation, folder / "held_out_before.csv")
    console.print(f"Held-out PSNR before training: {before:.2f} dB")
    weights, _ = train(cfg, folder)
    if weights is None:
        raise InputError(
            "The demo needs the weights of its training; leave out what keeps none, as debug=fdr."
        )
    model = load_model(weights)
    after = held_out_psnr(model, validation, folder / "held_out_after.csv")
    curve = training_curve(folder / METRICS_FILE)
    console.print(f"Held-out PSNR after training: {after:.2f} dB (before: {before:.2f} dB)")
    console.print(
        f"Training loss: {curve.first:.2f} over the first tenth of {curve.steps} steps, "
        f"{curve.last:.2f} over the last"
    )

    console.rule("2 of 5: evaluate")
    methods = [
        unblurred(),
        network_method("trained just now", model),
        network_method("shipped", load_model(SHIPPED)),
        *renderer_methods(),
    ]
    summaries = summarise(evaluate(test, methods, folder))
    console.print(summary_table(summaries, f"{len(test)} test scenes, three targets each"))

    console.rule("3 of 5: refocus a clip")
    clip = root / "clip" / "clip.mp4"
    frames = read_json(clip.with_name("clip.json"))["frames"]
    x, y = frames[len(frames) // 2]["first"]["point"]
    lens = instantiate(cfg.refocus.lens)
    videos = {"input, everything sharp": clip}
    for caption, network in {
        "trained just now": model,
        "shipped with rackfocus": load_model(SHIPPED),
    }.items():
        target = folder / f"clip_{caption.split()[0]}.mp4"
        with progress_bar(f"refocusing ({caption})", "frames") as progress:
            refocus(
                clip,
                target,
                focus=(float(x), float(y)),
                lens=lens,
                model=network,
                network_size_px=cfg.refocus.network_size_px,
                progress=progress,
            )
        videos[f"f/{lens.f_number:g} focused on the man in front, network {caption}"] = target

    console.rule("4 of 5: autofocus")
    timeline = folder / "clip_focus.png"
    track, event = clip_timeline(clip.parent, timeline)
    found = ", ".join(str(target.t) for target in track.targets)
    console.print(f"New focus targets at frames {found}; somebody comes into sight at frame {event.t}")

    console.rule("5 of 5: report")
    page = folder / "index.html"
    shown = _spread(test)
    write_page(
        page,
        scenes={scene.name: scene_pictures(scene, model) for scene in shown},
        summaries=summaries,
        curve=curve,
        psnr_before=before,
        psnr_after=after,
        videos=videos,
        timeline=timeline,
        facts={
            "git revision": git_revision(),
            "seed": str(cfg.seed),
            "training steps": str(curve.steps),
            "seconds in all": f"{time.monotonic() - began:.0f}",
            "the table": str(folder / "records.csv"),
            "held out": f"{folder / 'held_out_before.csv'}, {folder / 'held_out_after.csv'}",
            "the loss": str(folder / METRICS_FILE),
            "configuration": str(folder / "config.yaml"),
        },
    )
    console.print(f"\nLook at [bold]{page}[/bold]")


def held_out_psnr(model: RGBDHDREstimator, scenes: Sequence[Path], path: Path) -> float:
    """Mean PSNR in dB of the scenes' f/2 photographs, rendered from the network's estimate.

    The record of each photograph is written to `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    records = list(evaluate_scenes(scenes, [network_method("network", model)]))
    write_records(records, path)
    return fmean(record.psnr for record in records if record.target == "f/2")


def _spread(scenes: Sequence[Path], count: int = 3) -> list[Path]:
    """`count` scenes, evenly spaced from the first to the last."""
    if len(scenes) <= count:
        return list(scenes)
    return [scenes[round(i * (len(scenes) - 1) / (count - 1))] for i in range(count)]
