"""The command `rackfocus`: sub-commands that take Hydra overrides."""

import difflib
import os
import sys
from importlib import import_module

from rackfocus.cli.configs.completion import BASH_SCRIPT, completions
from rackfocus.cli.configs.files import DEFAULT_SUBJECT, named_config
from rackfocus.cli.configs.help_text import help_text, overview
from rackfocus.version import __version__

COMMANDS = {
    "train": "train RGBD-HDR from aperture and focal triplets, or AF-Net",
    "collect": "gather trainings, of whatever sweeps and machines, into one table",
    "evaluate": "measure a network, a stabiliser or autofocus beside other methods, against truth",
    "refocus": "turn a deep-focus video into a shallow-focus one",
    "autofocus": "find where and when a video is to be focused, and write it down as focus targets",
    "annotate": "pick focus targets on a page, see the shot, annotate a folder of videos",
    "vaf": "make a focus data set of videos of your own; annotations as CSV; agreement of annotators",
    "make-clip": "estimate a video's disparity and HDR, stabilised, for refocusing at leisure",
    "batch": "refocus, make-clip or autofocus for each video of a folder, on one machine or a Ray cluster",
    "clip": "verify, describe or export what make-clip made",
    "benchmark": "measure speed, memory and quality of the renderer and of every other stage",
    "reproduce": "measure the paper's figures, tables and claims, and write a page of them beside ours",
    "data": "check a data set: counts, sizes, ranges, broken files, a contact sheet",
    "prepare": "align photographs of several apertures; label photographs; cut out subjects; compute views",
    "render-scenes": "ray-trace training scenes and the demo clip",
    "demo": "train, evaluate and refocus the embedded data, and write a page about it",
}

HELP = {"-h", "--help"}
CONFIG_DIR = {"--config-dir", "-cd"}
"""The option of Hydra that may stand before the command, too."""

OVERVIEW = f"""rackfocus {__version__}: synthetic defocus and look-ahead autofocus for video.

Usage: rackfocus COMMAND [key=value ...]

Commands:
{chr(10).join(f"  {name:<15}{what}" for name, what in COMMANDS.items())}

`rackfocus COMMAND --help` tells what a command takes; `--cfg job` prints its configuration,
`-m` sweeps over comma-separated values, `--config-dir DIR` adds your own configs, as in any Hydra program.
Completion by the tabulator in bash: source <(rackfocus --completion bash)"""


def main() -> None:
    """Entry point; exit codes: 0 for success, 2 for a user's mistake, 130 when interrupted."""
    # OpenMP threads that wait actively make two programs on two cores about thirty times slower than one.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader closed the pipe, as `head` does; redirected, so that the flush at exit does not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run the module of the configuration that the command line names; returns the exit code."""
    option, has_value, _ = arguments[0].partition("=") if arguments else ("", "", "")
    count = (1 if has_value else 2) if option in CONFIG_DIR else 0
    before, arguments = arguments[:count], arguments[count:]
    if not arguments or arguments[0] in {*HELP, "help"}:
        print(OVERVIEW)
        return 0
    if arguments[0] == "--version":
        print(f"rackfocus {__version__}")
        return 0
    if arguments == ["--completion", "bash"]:
        print(BASH_SCRIPT)
        return 0
    if arguments[0] == "--complete" and len(arguments) == 2:
        print(*completions(arguments[1], COMMANDS), sep="\n")
        return 0
    command, *arguments = arguments
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(COMMANDS)}."
        print(f"rackfocus: there is no command {command!r}; {hint}", file=sys.stderr)
        return 2
    asks_for_help = not HELP.isdisjoint(arguments)
    if asks_for_help and arguments[0] in HELP and DEFAULT_SUBJECT.get(command, command) is None:
        print(overview(command))
        return 0
    try:
        config, rest = named_config(command, arguments)
        rest = [*before, *rest]
    except ValueError as error:
        print(f"rackfocus {command}: {error}", file=sys.stderr)
        return 2
    if asks_for_help:
        print(help_text(config, rest))
        return 0
    code: int = import_module(f"rackfocus.cli.{config.replace('/', '.')}").main(rest)
    return code
