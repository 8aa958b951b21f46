"""Every config composes, and everything it names can be made."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_class, get_method, instantiate
from omegaconf import OmegaConf

from rackfocus.cli import COMMANDS
from rackfocus.cli.configs.files import DEFAULT_SUBJECT, config_folder, config_names
from rackfocus.focus.modes import _MODES, target_finder
from rackfocus.pipelines.fingerprint import fingerprint

GROUPS = sorted(
    f"{path.parent.name}={path.stem}"
    for path in config_folder().glob("*/*.yaml")
    if path.parent.name
    not in ("experiment", "data", "hydra", *DEFAULT_SUBJECT)  # they have tests of their own
)
DATA_SETS = sorted(path.stem for path in config_folder().glob("data/*.yaml"))
COMMAND_OF_GROUP = {
    "autofocus": "autofocus",
    "baseline": "evaluate/images",
    "batch": "batch",
    "codec": "refocus",
    "detector": "autofocus",
    "flow": "make_clip",
    "item": "reproduce",
    "lens": "refocus",
    "published": "evaluate/bokeh",
    "puller": "autofocus",
    "quality": "refocus",
    "output": "refocus",
    "stabilizer": "make_clip",
    "suite": "evaluate/images",
    "table": "evaluate/autofocus",
    "teacher": "prepare/teacher",
    "tracker": "autofocus",
}
"""Which command takes a group; the others belong to `train`."""
PRIMARY = [name for command in COMMANDS for name in config_names(command)]
PIXELS_ONLY = ("demo", "raytraced", "without_vgg")
AF_NET = ("af_net", "af_net_gaze")
EXPERIMENTS = sorted(path.stem for path in config_folder().glob("experiment/*.yaml"))


@pytest.fixture
def composed(tmp_path):
    def make(name, *overrides):
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            cfg = compose(
                name, [*overrides, f"hydra.runtime.output_dir={tmp_path}"], return_hydra_config=True
            )
        HydraConfig.instance().set_config(cfg)
        OmegaConf.set_struct(cfg, False)
        del cfg.hydra
        return cfg

    return make


def targets(cfg):
    """Every `_target_` in a config."""

    def walk(node):
        for key, value in node.items():
            if key == "_target_":
                yield value
            elif isinstance(value, dict):
                yield from walk(value)

    return list(walk(OmegaConf.to_container(cfg)))


@pytest.mark.parametrize("name", PRIMARY)
def test_every_command_composes(name, composed):
    cfg = composed(name)
    for target in targets(cfg):
        assert get_class(target) if target.rpartition(".")[2][0].isupper() else get_method(target)


@pytest.mark.parametrize("choice", GROUPS)
def test_every_choice_of_every_group_composes(choice, composed):
    group = choice.partition("=")[0]
    command = COMMAND_OF_GROUP.get(group, "train")
    override = choice.replace("renderer=", "renderer@loss.renderer=") if command == "train" else choice
    override = override.replace("detector=", "+detector@detectors.one=")
    # Several are chosen at once.
    override = override.replace("item=", "item=[") + "]" * (group == "item")
    assert targets(composed(command, override))


@pytest.mark.parametrize("data_set", DATA_SETS)
@pytest.mark.parametrize("command", ["data", "train"])
def test_every_data_set_hands_its_root_to_its_splits(command, data_set, composed):
    cfg = composed(command, f"data={data_set}")
    if "root" in cfg.data or OmegaConf.is_missing(cfg.data, "root"):
        cfg.data.root = "/here"
    names = [key for key in cfg.data if not OmegaConf.is_missing(cfg.data, key)]
    splits = [
        cfg.data[key] for key in names if OmegaConf.is_dict(cfg.data[key]) and "_target_" in cfg.data[key]
    ]
    assert splits
    for split in splits:
        assert get_class(split._target_)
        if "root" in split and "root" in cfg.data:
            assert str(split.root).startswith("/here")


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_makes_its_parts(experiment, composed, raytraced):
    # VGG's file is not everywhere, and its layers take a second to make.
    features = [] if experiment in PIXELS_ONLY + AF_NET else ["loss=pixels"]
    # Neither is the file that the trunk starts from.
    trunk = ["model.trunk=null"] if experiment == "photographs" else []
    settings = ("data=raytraced", f"data.root={raytraced}", *features, *trunk)
    cfg = composed("train", f"experiment={experiment}", *settings)
    for part in (cfg.model, cfg.loss, cfg.datamodule, *cfg.callbacks.values(), *cfg.logger.values()):
        assert instantiate(part) is not None


def test_the_paper_is_the_default(composed):
    cfg = composed("train")
    assert cfg.learning_rate == 1e-4
    assert cfg.trainer.max_steps == 150_000
    assert cfg.datamodule.batch_size == 1
    assert cfg.datamodule.view.shorter_side_px == [512, 1024]
    assert cfg.datamodule.seed == cfg.seed
    assert cfg.loss.smoothness_weight == 10
    assert cfg.loss.renderer.formulation == "coverage"


def test_the_paper_whole_is_an_experiment(composed):
    cfg = composed(
        "train", "experiment=rgbd_hdr", "data.flower.root=/flower", "data.apertures.root=/apertures"
    )
    assert cfg.learning_rate == 1e-4
    assert cfg.trainer.max_steps == 150_000
    assert cfg.datamodule.batch_size == 1
    assert set(cfg.datamodule.train.datasets) == {"flower", "apertures", "raytraced"}
    assert cfg.loss.perceptual.features.weights == "vgg19-dcbb9e9d.pth"
    assert cfg.model.base_width == 32


@pytest.mark.parametrize(
    ("experiment", "key", "value"),
    [
        ("without_triplets", "loss.triplets", False),
        ("without_hdr", "model.hdr", False),
        ("renderer_paper", "loss.renderer.formulation", "paper"),
        ("renderer_weighted_sum", "loss.renderer.formulation", "weighted_sum"),
        ("without_vgg", "loss.perceptual", None),
        ("without_smoothness", "loss.smoothness_weight", 0.0),
        ("pixel_disparity", "model.luma_bandwidth", None),
        ("sequential", "model._target_", "rackfocus.models.sequential.SequentialRGBDHDRNet"),
    ],
)
def test_an_ablation_changes_one_thing_and_any_budget_fits(experiment, key, value, composed):
    def settings(name):
        cfg = composed(
            "train", f"experiment={name}", "data=raytraced", "budget=two_cores", "loss=normalised_vgg"
        )
        return flat(OmegaConf.to_container(cfg, resolve=False))

    ablation, full = settings(experiment), settings("rgbd_hdr")
    different = {name for name in {*ablation, *full} if ablation.get(name) != full.get(name)}
    assert ablation[key] == value
    assert len({name.split(".")[0] for name in different}) == 1


def flat(node, prefix=""):
    """Every setting by its dotted name."""
    found = {}
    for name, value in node.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def test_wandb_is_offline_without_a_key(composed, tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    logger = instantiate(composed("train", "logger=wandb").logger.wandb)
    assert logger.mode == "offline"


def test_every_mode_of_autofocus_has_its_config():
    configs = {path.stem for path in config_folder().glob("autofocus/*.yaml")}
    assert configs - {"scene_specific"} == set(_MODES)


@pytest.mark.parametrize("mode", _MODES)
def test_a_mode_of_autofocus_and_its_config_are_the_same(mode, composed):
    by_config = instantiate(composed("autofocus", f"autofocus={mode}").autofocus)
    assert fingerprint(autofocus=by_config) == fingerprint(autofocus=target_finder(mode))
