"""When again."""

import itertools

import pytest

from licenses.retry import wait_after


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 512), (10, 900), (10**6, 900)])
def test_the_wait_doubles_up_to_a_quarter_of_an_hour_spread_by_a_fifth(failures: int, seconds: float) -> None:
    waits = [wait_after(failures) for _ in range(300)]
    assert min(waits) >= seconds * 0.8
    assert max(waits) <= seconds * 1.2
    assert max(waits) - min(waits) > seconds * 0.2


@pytest.mark.parametrize("failures", [0, -3])
def test_no_failure_at_all_waits_as_the_first_one(failures: int) -> None:
    assert 1.6 <= wait_after(failures) <= 2.4


def test_a_later_failure_never_waits_less() -> None:
    for sooner, later in itertools.pairwise(range(1, 9)):
        assert max(wait_after(sooner) for _ in range(50)) < min(wait_after(later) for _ in range(50)) * 1.01
