import itertools

from rackfocus.evaluation.autofocus.speech.arrangement import QUIET, UNDER_SPEECH, random_arrangement


def test_a_seed_gives_one_arrangement():
    assert random_arrangement(3, 6) == random_arrangement(3, 6)
    assert random_arrangement(3, 6) != random_arrangement(4, 6)


def test_the_first_twenty_have_all_that_is_asked_for():
    drawn = [random_arrangement(seed, 6) for seed in range(20)]
    assert {len(each.seats) for each in drawn} == {2, 3}
    assert {each.under for each in drawn} == set(UNDER_SPEECH)
    gaps = [said.gap_s for each in drawn for said in each.said[1:]]
    assert min(gaps) < -0.2
    assert max(gaps) > 1.0
    assert 4 <= sum(any(said.seat is None for said in each.said) for each in drawn) <= 10
    assert len({seat.scale for each in drawn for seat in each.seats}) > 20


def test_whoever_speaks_is_another_one_and_sits_there():
    for seed in range(40):
        drawn = random_arrangement(seed, 6)
        seated = [seat.talker for seat in drawn.seats]
        assert len(set(seated)) == len(seated)
        for said in drawn.said:
            assert said.talker not in seated if said.seat is None else said.talker == seated[said.seat]
        voices = [said.talker for said in drawn.said]
        assert all(one != other for one, other in itertools.pairwise(voices))


def test_two_clips_are_enough():
    drawn = random_arrangement(0, 2)
    assert sorted(seat.talker for seat in drawn.seats) == [0, 1]
    assert all(said.seat is not None for said in drawn.said)
    assert drawn.under in (QUIET, *UNDER_SPEECH)
