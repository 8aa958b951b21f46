import hashlib
import urllib.error

import pytest
import torch
from safetensors.torch import save_file

from rackfocus import InputError
from rackfocus.models.published import weights
from rackfocus.models.published.weights import PublishedWeights, find_weights, fit_state
from rackfocus.reading.weights import read_state


@pytest.fixture
def published(monkeypatch, tmp_path):
    """A published file of a few bytes, and an empty cache."""
    content = b"published"
    digest = hashlib.sha256(content).hexdigest()[:8]
    known = PublishedWeights(sha256=digest, address="https://weights.invalid/w.pth", source="somebody")
    monkeypatch.setattr(weights, "PUBLISHED", {"w.pth": known})
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    return content


def test_the_users_folders_come_first(published, tmp_path, monkeypatch):
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "w.pth").write_bytes(published)
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", f"{tmp_path / 'none'}:{tmp_path / 'first'}:{tmp_path / 'second'}")
    assert find_weights("w.pth") == tmp_path / "first" / "w.pth"


def test_the_cache_is_next(published, tmp_path):
    cache = tmp_path / "cache" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / "w.pth").write_bytes(published)
    assert find_weights("w.pth") == cache / "w.pth"


@pytest.mark.usefixtures("published")
def test_another_file_of_that_name_is_refused(tmp_path, monkeypatch):
    (tmp_path / "w.pth").write_bytes(b"something else")
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match="not the file that somebody published"):
        find_weights("w.pth")


@pytest.mark.usefixtures("published")
def test_a_download_that_fails_says_where_to_get_it(monkeypatch):
    def no_network(*_args, **_kwargs):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    with pytest.raises(InputError, match=r"w\.pth are missing.*weights\.invalid.*RACKFOCUS_WEIGHTS"):
        find_weights("w.pth")


def test_a_download_lands_in_the_cache(published, tmp_path, monkeypatch):
    def download(_url, path, hash_prefix):
        assert hash_prefix == hashlib.sha256(published).hexdigest()[:8]
        with open(path, "wb") as file:  # noqa: PTH123 - as torch calls it, with a string
            file.write(published)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    assert find_weights("w.pth") == tmp_path / "cache" / "hub" / "checkpoints" / "w.pth"


@pytest.mark.usefixtures("published")
def test_unknown_names():
    with pytest.raises(InputError, match=r"no weights nothing\.pth"):
        find_weights("nothing.pth")


def test_a_file_without_a_known_digest_is_not_downloaded(monkeypatch, tmp_path):
    known = PublishedWeights(address="https://weights.invalid/w.pth", source="somebody")
    monkeypatch.setattr(weights, "PUBLISHED", {"w.pth": known})
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    with pytest.raises(InputError, match=r"w\.pth are missing; get it from https://weights\.invalid/w\.pth"):
        find_weights("w.pth")
    (tmp_path / "w.pth").write_bytes(b"whatever it is")
    assert find_weights(tmp_path / "w.pth") == tmp_path / "w.pth"


def test_missing_vgg_names_the_loss_that_does_without(monkeypatch, tmp_path):
    def no_network(*_args, **_kwargs):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    with pytest.raises(InputError, match=r"or train with loss=pixels, which needs none\.$"):
        find_weights("vgg19-dcbb9e9d.pth")


def test_a_state_that_does_not_fit_is_one_sentence(tmp_path):
    module = torch.nn.Linear(2, 1)
    fit_state(module, {"weight": torch.ones(1, 2), "bias": torch.ones(1)}, tmp_path, "a line")
    assert module.weight.eq(1).all()
    with pytest.raises(InputError, match=r'not hold the weights of a line \(Missing key.* "bias"'):
        fit_state(module, {"weight": torch.ones(1, 2)}, tmp_path, "a line")


def test_states_of_both_kinds(tmp_path):
    state = {"a.weight": torch.arange(3.0)}
    torch.save(state, tmp_path / "s.pth")
    save_file(state, tmp_path / "s.safetensors")
    for name in ("s.pth", "s.safetensors"):
        torch.testing.assert_close(read_state(tmp_path / name)["a.weight"], state["a.weight"])
        (tmp_path / name).write_bytes(b"broken")
        with pytest.raises(InputError, match="cannot be read as weights"):
            read_state(tmp_path / name)
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(InputError, match="cannot be read as weights"):
        read_state(tmp_path / "list.pth")
