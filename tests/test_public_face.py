"""The names of `import rackfocus`: listed three times there, for people, type checkers and the first use."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

import rackfocus

SOURCE = Path(__file__).resolve().parents[1] / "src" / "rackfocus"


def _type_checking_block():
    """Each name that type checkers are told of, and the module that it is imported from."""
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_the_three_lists_agree():
    assert _type_checking_block() == rackfocus._HOMES
    assert sorted(rackfocus._HOMES) == sorted(rackfocus.__all__)


@pytest.mark.parametrize("name", rackfocus.__all__)
def test_each_name_is_there(name):
    assert getattr(rackfocus, name) is getattr(import_module(rackfocus._HOMES[name]), name)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'refocused'"):
        _ = rackfocus.refocused


def test_every_lens_shape_is_there():
    from rackfocus.optics import lens_shapes

    assert set(lens_shapes.__all__) <= set(rackfocus.__all__)


def test_the_package_does_not_import_its_own_front():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module != "rackfocus", path
            elif isinstance(node, ast.Import):
                assert all(alias.name != "rackfocus" for alias in node.names), path


def test_one_version():
    citation = (SOURCE.parents[1] / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {rackfocus.__version__}\n" in citation
