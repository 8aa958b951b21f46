import pytest
import torch

from rackfocus.models.rows import share_rows


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("rows", [1, 3, 17])
def test_every_row_is_worked_on_once(threads, rows):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        counts = torch.zeros(rows)

        def work(first, end):
            counts[first:end] += 1

        share_rows(work, rows)
    finally:
        torch.set_num_threads(before)
    assert (counts == 1).all()


def test_what_goes_wrong_in_a_thread_is_raised():
    def work(_first, _end):
        raise ValueError("no")

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="no"):
            share_rows(work, 4)
    finally:
        torch.set_num_threads(before)
