"""`rackfocus reproduce`: the paper's figures, tables and claims beside ours, on one page."""

import hashlib
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from rackfocus.cli.command import USER_ERROR, run_command
from rackfocus.cli.configs.files import config_folder
from rackfocus.cli.runs.provenance import git_revision, last_commit, record_provenance
from rackfocus.data.apertures.raytraced import scene_folders
from rackfocus.evaluation.images.baselines import Network, Predictor
from rackfocus.evaluation.reproduction.item import Material
from rackfocus.evaluation.reproduction.item_folder import STATE_FILE, make_item, read_item, record, told
from rackfocus.evaluation.reproduction.page import write_page
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.one_writer import one_writer
from rackfocus.types import InputError

OURS = "ours"
FLAGS = {"--quick": "quick=true"}
KINDS = ("figure", "table")
MOST, FEW_FRAMES, MANY_FRAMES = 6, 6, 24
PAGE_FILE = "index.html"
ASIDE = {"folder", "record", "item"}
"""Settings that do not change what an item is."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    try:
        given = list(_items_chosen([FLAGS.get(argument, argument) for argument in arguments]))
    except InputError as error:
        print(f"rackfocus reproduce: {error}", file=sys.stderr)
        return USER_ERROR
    return run_command("reproduce", run, given)


def run(cfg: DictConfig) -> None:
    """Make the items that are not there yet, then the page, which is written after each of them."""
    if not isinstance(cfg.quick, bool):
        raise InputError(f"quick must be true or false, and is {cfg.quick}.")
    scene_folders(cfg.scenes, "test")  # Nearly all items need them: told at once where they are not there.
    folder = Path(cfg.folder)
    folder.mkdir(parents=True, exist_ok=True)
    with one_writer(folder):
        _reproduce(cfg, folder)


def _reproduce(cfg: DictConfig, folder: Path) -> None:
    console = Console()
    record_provenance(cfg, folder)
    items = {str(name): instantiate(node, _convert_="all") for name, node in cfg.item.items()}
    material = _material(cfg)
    facts = _facts(cfg, material.not_found)
    made = []
    for number, (name, item) in enumerate(items.items(), start=1):
        began = time.monotonic()
        console.print(f"{number} of {len(items)}: {item.title} ...")
        one, is_new = make_item(name, item, material, folder, facts[name])
        made.append(one)
        console.print(f"  {time.monotonic() - began:.0f} s" if is_new else "  made before")
        write_page(folder / PAGE_FILE, [read_item(name, folder / name) for name in _there(folder)])
    if cfg.record is not None:
        record(made, Path(cfg.record))
    for one in made:
        for verdict in one.verdicts:
            console.print(f"{verdict.text} ({verdict.where}): {told(verdict)}", highlight=False)
    console.print(f"\nLook at [bold]{folder / PAGE_FILE}[/bold]")


def _material(cfg: DictConfig) -> Material:
    size = cfg.network_size_px
    methods: dict[str, Predictor] = {OURS: Network(OURS, load_model(SHIPPED), size)}
    not_found: dict[str, str] = {}
    for node in (cfg.get("baseline") or {}).values():
        try:
            methods[node.name] = instantiate(node)
        except InstantiationException as error:
            if not isinstance(error.__cause__, InputError):
                raise
            not_found[node.name] = str(error.__cause__)
    return Material(
        scenes=Path(cfg.scenes),
        clips=Path(cfg.clips),
        methods=methods,
        not_found=not_found,
        experiments=Path(cfg.experiments),
        commit_of=last_commit,
        most=MOST if cfg.quick else None,
        frames=FEW_FRAMES if cfg.quick else MANY_FRAMES,
        seed=cfg.seed,
    )


def _facts(cfg: DictConfig, not_found: Collection[str]) -> dict[str, Mapping[str, str]]:
    """What each item was made by, which also tells whether it has to be made again."""
    given = [one for one in HydraConfig.get().overrides.task if one.partition("=")[0] not in ASIDE]
    shared = OmegaConf.to_yaml(OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key not in ASIDE]))
    commit = git_revision()
    facts: dict[str, Mapping[str, str]] = {}
    for name, node in cfg.item.items():
        settings = shared + OmegaConf.to_yaml(node, resolve=True)
        facts[str(name)] = {
            "command": " ".join(["rackfocus reproduce", f"item=[{name}]", *given]),
            "configuration": f"conf/item/{name}.yaml; all settings, {_digest(settings)}, are in config.yaml",
            "seed": str(cfg.seed),
            "quick": str(cfg.quick),
            "commit": commit,
            "not found": ", ".join(not_found) or "nothing",
        }
    return facts


def _there(folder: Path) -> list[str]:
    """The items that a folder has, in the order of the paper."""
    return [name for name in _known_items() if (folder / name / STATE_FILE).is_file()]


def _known_items() -> list[str]:
    """All items, as `conf/reproduce.yaml` lists them."""
    file: Any = OmegaConf.to_container(OmegaConf.load(config_folder() / "reproduce.yaml"))
    items: list[str] = next(each["item"] for each in file["defaults"] if "item" in each)
    return items


def _items_chosen(arguments: Sequence[str]) -> Iterator[str]:
    """The same with `figure=3a table=1` as `item=[figure_3a,table_1]`.

    Raises:
        InputError: there is no such figure or table.
    """
    known = _known_items()
    chosen = []
    for argument in arguments:
        kind, is_setting, name = argument.partition("=")
        if not is_setting or kind not in KINDS:
            yield argument
            continue
        item = f"{kind}_{name.lower()}"
        if item not in known:
            there = sorted(each.removeprefix(f"{kind}_") for each in known if each.startswith(f"{kind}_"))
            raise InputError(f"There is no {argument} to reproduce; choose one of {kind}={'|'.join(there)}.")
        chosen.append(item)
    if chosen:
        yield f"item=[{','.join(chosen)}]"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
