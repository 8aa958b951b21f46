"""Runs a sub-command by Hydra, and reports errors as one sentence; used by all sub-commands."""

import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from rackfocus.cli.configs.arguments import known_settings, options_first, overrides
from rackfocus.cli.configs.files import config_folder, spoken_name
from rackfocus.cli.configs.own_configs import names_own_configs
from rackfocus.cli.runs.failed_jobs import record_failure
from rackfocus.cli.runs.folders import register_new_folder, require_untrained
from rackfocus.memory import share_heap
from rackfocus.types import InputError

USER_ERROR = 2
INTERRUPTED = 130
LONGEST_NAME = 200
"""Longer names of files are cut in sentences."""

# On import: the processes of a sweep by joblib import this module and compose no configuration themselves.
register_new_folder()


def run_command(
    config: str,
    job: Callable[[DictConfig], float | None],
    arguments: Sequence[str],
    *,
    positional: Sequence[str] = (),
    options: Sequence[str] = (),
) -> int:
    """Compose `conf/<config>.yaml` with the arguments and run the job; returns the exit code.

    Args:
        config: the configuration, such as `refocus` or `benchmark/loading`.
        job: the function to run with the configuration; a sweeper may ask for the score that it returns.
        arguments: the command line after the sub-command.
        positional: the keys to which arguments without `=` are assigned, in order.
        options: the keys that may also be written as `--key value` or `--key=value`.
    """
    name = spoken_name(config)
    share_heap()
    # Without this setting Hydra prints errors itself and does not raise them.
    os.environ["HYDRA_FULL_ERROR"] = "1"

    given: Sequence[str] = arguments
    try:
        given = options_first(overrides(arguments, positional, options, known_settings(config)))
        require_untrained(given)
        sys.argv = [f"rackfocus {name}", *given]
        if names_own_configs(given) or any("_target_" in setting for setting in given):
            # They may name modules of the working folder, where an installed command does not look by itself:
            # any file could be there.
            sys.path.append(str(Path.cwd()))
        hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=config)(
            _Told(job, name)
        )()
    except KeyboardInterrupt:
        _say(name, "interrupted.")
        return INTERRUPTED
    except (InputError, HydraException, OmegaConfBaseException, OSError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        _say(name, sentence)
        return USER_ERROR
    except ValueError as error:
        # Hydra has no specific exception class for this.
        if not str(error).startswith("Config group override"):
            raise
        _say(name, _group_sentence(given))
        return USER_ERROR
    return 0


@dataclass(frozen=True)
class _Told:
    """A job that tells a user's mistake in a sentence; it can be sent to another process.

    Hydra prints a banner above every exception of a job, so none reaches it.
    """

    job: Callable[[DictConfig], float | None]
    name: str

    def __call__(self, cfg: DictConfig) -> float | None:
        try:
            return self.job(cfg)
        except Exception as error:
            sentence = _sentence(error)
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                # The other jobs of the sweep still run; `FailedJobs` ends it.
                told = sentence or traceback.format_exc()
                _say(f"{self.name}, job {HydraConfig.get().job.num}", told)
                record_failure(run_folder(), told)
                return None
            if sentence is None:
                raise
            _say(self.name, sentence)
            sys.exit(USER_ERROR)


def run_folder() -> Path:
    """The folder that Hydra made for this run."""
    return Path(HydraConfig.get().runtime.output_dir)


def _sentence(error: BaseException) -> str | None:
    """The message of a user's mistake; `None` if the error is a bug of the program."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, InputError):
            return _own_words(str(cause))
        if isinstance(cause, OSError) and not isinstance(cause, BrokenPipeError) and cause.strerror:
            return _file_sentence(cause)
        cause = cause.__cause__
    if isinstance(error, InstantiationException):
        return _part_sentence(error)
    if isinstance(error, OverrideParseException):
        return f"{error.override} cannot be read as key=value; put what is unusual about it in quotes."
    if isinstance(error, HydraException | OmegaConfBaseException):
        return config_sentence(str(error))
    return None


def _file_sentence(error: OSError) -> str:
    """What the system says of a file: its name is too long, its disk is full or may only be read."""
    name = str(error.filename or "A file")
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
    return f"{shown} cannot be used ({error.strerror}); give another one, or free its disk."


def _own_words(message: str) -> str:
    """The message of an error; of one in a process that loads data, without the traceback around it."""
    is_wrapped = message.startswith("Caught InputError in DataLoader worker")
    return message.strip().rpartition("InputError: ")[2] if is_wrapped else message


def _part_sentence(error: InstantiationException) -> str | None:
    """What is wrong with a part of the configuration that Hydra could not make; `None`: a bug of the part."""
    message = str(error)
    key = found[1] if (found := re.search(r"full_key: (\S+)", message)) else ""
    if missing := re.match(r"Error (?:locating target|loading) '([^']+)'", message):
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        named, why = f"{key}._target_".lstrip("."), " ".join(str(cause).split())
        return (
            f"{named}={missing[1]} cannot be imported ({why}); modules of your own are looked for in the "
            "working folder."
        )
    if unknown := re.search(r"unexpected keyword argument '(\w+)'", message):
        return f"There is no setting {f'{key}.{unknown[1]}'.lstrip('.')!r}; --help lists those there are."
    if lacking := re.search(r"missing \d+ required [\w-]+ arguments?: (.+?)\"?\)", message):
        return f"{key} lacks {lacking[1]}; give {key}.NAME=... for each."
    return None


def _group_sentence(arguments: Sequence[str]) -> str:
    """That a group, such as `logger=null`, was given what is no name, and how to leave it out."""
    for setting in arguments:
        found = re.match(r"([\w/]+)(?:@\S+)?=(?:null$|[^A-Za-z_\[])", setting)
        if found and (config_folder() / found[1]).is_dir():
            left_out = setting.partition("=")[0]
            return f"{setting}: a group of settings takes the name of a choice; ~{left_out} leaves it out."
    return "A group of settings takes the name of a choice; ~ before its name leaves it out, as ~logger."


def config_sentence(message: str) -> str:
    """Hydra's error message of several lines as one sentence."""
    if unknown := re.match(r"Could not override '([^']+)'", message):
        return f"There is no setting {unknown[1]!r}; --help lists those there are."
    if missing := re.search(r"[Mm]issing mandatory value: (\S+)", message):
        return f"{missing[1]!r} has to be given; --help tells how."
    if plugin := re.search(r"Could not (?:find|load) '(hydra/(?:launcher|sweeper)/\w+)'", message):
        extra = "slurm" if "submitit" in plugin[1] else "sweeps"
        return f"{plugin[1]} is not installed; it comes with pip install 'rackfocus[{extra}]'."
    for aside in ("Config search path", "full_key"):
        message = message.partition(aside)[0]
    return " ".join(message.split()) or "The configuration is not valid."


def _say(name: str, sentence: str) -> None:
    print(f"rackfocus {name}: {sentence}", file=sys.stderr)
