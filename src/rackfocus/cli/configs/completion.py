"""Completes what is typed after `rackfocus`, from the same files as the help: commands, settings and options.

Hydra's own completion knows programs with a single configuration, not one a command.
"""

from collections.abc import Iterable

from rackfocus.cli.configs.choices import groups_of, listed, option_settings
from rackfocus.cli.configs.commented_yaml import read_commented
from rackfocus.cli.configs.files import DEFAULT_SUBJECT, config_folder, config_names, named_config

BASH_SCRIPT = """\
# Completion of rackfocus for bash: source <(rackfocus --completion bash)
_rackfocus() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}"
    COMPREPLY=($(rackfocus --complete "$line" 2>/dev/null))
    # For bash a word begins behind "=".
    [[ "${line##* }" == *=* ]] && COMPREPLY=("${COMPREPLY[@]#*=}")
}
complete -o nospace -o default -F _rackfocus rackfocus"""
"""Where nothing is found, bash completes names of files."""


def completions(line: str, commands: Iterable[str]) -> list[str]:
    """What the last word of a command line may become; a space follows where it is whole.

    Args:
        line: what was typed, beginning with the name of the program, up to the cursor.
        commands: those of `rackfocus`.
    """
    *before, word = line.split(" ")
    words = [each for each in before[1:] if each]
    commands = list(commands)
    if not words:
        found = [f"{each} " for each in (*commands, "--help", "--version", "--completion")]
    elif words[0] in commands:
        found = _after_command(words[0], words[1:], word)
    else:
        found = ["bash "] if words == ["--completion"] else []
    return [each for each in found if each.startswith(word)]


def _after_command(command: str, words: list[str], word: str) -> list[str]:
    subjects = [f"{name.partition('/')[2]} " for name in config_names(command) if "/" in name]
    has_default = DEFAULT_SUBJECT.get(command, command) is not None
    if not words and not has_default:
        return [*subjects, "--help "]
    try:
        config, _ = named_config(command, words)
    except ValueError:
        return []
    key, has_value, _ = word.partition("=")
    options = _options(config, words)
    if has_value:
        return [f"{key}={option} " for option in options.get(key, [])]
    return [*([] if words else subjects), *(f"{each}=" for each in options), "--help ", "--cfg "]


def _options(config: str, words: list[str]) -> dict[str, list[str]]:
    """The keys of a configuration and of the groups in it, as chosen by the words; a group has options."""
    folder = config_folder()
    file = read_commented(folder / f"{config}.yaml")
    overrides = dict(word.split("=", 1) for word in words if "=" in word)
    groups = groups_of(folder, file, overrides)
    found: dict[str, list[str]] = {
        each.key: ["true", "false"] if each.value in ("true", "false") else []
        for each in listed(file.settings)
        if each.value is not None and each.key not in groups
    }
    for each in file.defaults:
        if not each.group and each.option != "_self_":
            found |= _options(each.option, words)
    for group in groups.values():
        options = [path.stem for path in sorted((folder / group.name).glob("*.yaml"))]
        for package, option in group.choices.items():
            in_its_place = package == group.name.replace("/", ".")
            found[group.name if in_its_place else f"{group.name}@{package}"] = options
            found |= {f"{package}.{key}": [] for key in option_settings(folder, group.name, option)}
    return found
