import itertools

import pytest

from aftersales.studies.causes.checks import DOUBTS, FATAL, grade


@pytest.mark.parametrize("flag", sorted(DOUBTS))
def test_one_doubt_about_the_size_is_grade_b(flag):
    assert grade([flag]) == "B"


@pytest.mark.parametrize("flag", sorted(FATAL))
def test_a_doubt_about_the_direction_is_grade_c(flag):
    assert grade([flag]) == "C"


def test_nothing_in_doubt_is_grade_a_and_a_further_doubt_never_raises_the_grade():
    assert grade([]) == "A"
    flags = sorted(DOUBTS | FATAL)
    for some in itertools.combinations(flags, 2):
        assert grade(some) >= max(grade([flag]) for flag in some)
