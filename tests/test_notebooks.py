"""The notebooks run top to bottom, from the folder in which they are."""

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def type_command(line):
    """A command of the shell, as Jupyter runs what follows `!`; here it has to succeed."""
    print(subprocess.run(line, shell=True, capture_output=True, text=True, check=True).stdout)


def as_python(source):
    """A cell, its commands of the shell as calls."""
    whole_lines = re.sub(r"\\\n *", "", source)
    return re.sub(r"^!(.+)$", lambda found: f"type_command({found[1]!r})", whole_lines, flags=re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_top_to_bottom(path, monkeypatch, capsys, tmp_path):
    program = tmp_path / "bin" / "rackfocus"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom rackfocus.cli import main\nmain()\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("TERM", os.environ.get("TERM", "dumb"))  # the notebooks set it
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(path.parent)
    namespace = {"type_command": type_command}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"], "commit notebooks without outputs"
            source = as_python("".join(cell["source"]))
            exec(compile(ast.parse(source), str(path), "exec"), namespace)
    monkeypatch.undo()
    assert capsys.readouterr().out


def test_the_list_names_every_notebook():
    told = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((\w+\.ipynb)\)", told)) == [path.name for path in NOTEBOOKS]
