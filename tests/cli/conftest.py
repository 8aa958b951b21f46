import sys
from pathlib import Path

import pytest

from rackfocus.cli import main
from rackfocus.models.checkpoints import save_model


@pytest.fixture
def call(tmp_path, monkeypatch, tiny_network):
    """`rackfocus` in a folder with a network that takes no time."""
    monkeypatch.chdir(tmp_path)
    save_model(tiny_network, Path("net.safetensors"))

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["rackfocus", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code

    return call
