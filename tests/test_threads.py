import pytest
import torch

from rackfocus.threads import BAND_HEIGHT, bands, run_bands

pytestmark = pytest.mark.usefixtures("threads")


@pytest.fixture(params=[1, 2, 5])
def threads(request):
    torch.set_num_threads(request.param)


@pytest.mark.parametrize("height", [1, BAND_HEIGHT, BAND_HEIGHT + 1, 5 * BAND_HEIGHT - 1])
def test_every_row_is_worked_on_once(height):
    counts = torch.zeros(height)

    def work(band):
        counts[slice(*band)] += 1
        return band

    assert run_bands(work, bands(height)) == bands(height)
    assert (counts == 1).all()


def test_what_goes_wrong_in_a_thread_is_raised():
    def work(_band):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_bands(work, bands(4 * BAND_HEIGHT))
