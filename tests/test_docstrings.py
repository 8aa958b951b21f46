"""The examples in docstrings do what they show."""

import ast
import doctest
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "rackfocus"


def docstrings_with_examples():
    """By the files, for the import hook of the tests hides wrapped functions from `doctest`."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if ">>> " not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                docstring = ast.get_docstring(node) or ""
                if ">>> " in docstring:
                    name = f"{path.stem}.{getattr(node, 'name', '')}"
                    yield pytest.param(docstring, name, id=name)


EXAMPLES = list(docstrings_with_examples())


def test_the_main_functions_have_one():
    named = {each.id for each in EXAMPLES}
    assert named >= {"types.Lens", "renderer.render", "refocus.refocus", "checkpoints.load_model"}


@pytest.mark.parametrize(("docstring", "name"), EXAMPLES)
def test_an_example(docstring, name, tmp_path, monkeypatch, write_event_clip):
    clip = write_event_clip(tmp_path, "acts_0001", frames=3, events=()) / "clip.mp4"
    clip.rename(tmp_path / "in.mp4")
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(docstring, {}, name, name, 0)
    told = []
    assert doctest.DocTestRunner().run(test, out=told.append).failed == 0, "".join(told)
