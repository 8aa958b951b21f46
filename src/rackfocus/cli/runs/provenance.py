"""Records the configuration, environment and git revision of a run, so that its results can be reproduced."""

import platform
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from omegaconf import DictConfig, OmegaConf


def record_provenance(cfg: DictConfig, folder: Path) -> None:
    """Write the resolved config, the environment and the git revision into the run's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(cfg, folder / "config.yaml", resolve=True)
    packages = sorted({f"{package.name}=={package.version}" for package in distributions()}, key=str.lower)
    lines = [
        f"command: {' '.join(sys.argv)}",
        f"git revision: {git_revision()}",
        f"python: {platform.python_version()} on {platform.platform()}",
        "",
        *packages,
    ]
    (folder / "environment.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def git_revision() -> str:
    """The commit of the checkout, marked if files differ from it; `unknown` outside a checkout."""
    return _git(Path(__file__).parent, "describe", "--always", "--dirty", "--abbrev=40")


def last_commit(path: Path) -> str:
    """The commit that last changed a file; `unknown` outside a checkout."""
    return _git(path.parent, "log", "-1", "--format=%h", "--", path.name)


def _git(folder: Path, *command: str) -> str:
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), *command], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "unknown"
    return result.stdout.strip() or "unknown"
