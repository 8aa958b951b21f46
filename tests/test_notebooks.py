"""The tours run top to bottom."""

import ast
import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_top_to_bottom(path, monkeypatch, capsys):
    monkeypatch.chdir(path.parent)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    namespace = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            assert not cell["outputs"], "commit notebooks without outputs"
            exec(compile(ast.parse(source), str(path), "exec"), namespace)
    assert "dB" in capsys.readouterr().out


def test_there_is_a_tour():
    assert NOTEBOOKS
