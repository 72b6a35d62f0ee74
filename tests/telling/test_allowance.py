"""How much may go out: from one place, to one address, in all."""

from accompany.telling.allowance import FROM_ONE, HOUR, TO_ONE, Allowance


def test_one_recipient_gets_no_more_than_a_few_an_hour() -> None:
    allowance = Allowance(1000)
    assert [allowance.send("+1", second) for second in range(TO_ONE + 2)] == [True] * TO_ONE + [
        False, False,
    ]  # fmt: skip
    assert allowance.send("+2", 10)
    assert allowance.send("+1", HOUR)
    assert not allowance.send("+1", HOUR)


def test_an_hour_has_its_end_for_all() -> None:
    allowance = Allowance(3)
    assert [allowance.send(f"+{one}", 0) for one in range(5)] == [True, True, True, False, False]
    assert allowance.send("+9", HOUR)


def test_one_place_may_ask_so_often() -> None:
    allowance = Allowance(0)
    assert [allowance.ask("here", 0) for _ in range(FROM_ONE + 1)] == [True] * FROM_ONE + [False]
    assert allowance.ask("there", 0)


def test_what_is_remembered_is_bounded_and_forgets_only_what_is_old() -> None:
    allowance = Allowance(1_000_000)
    for one in range(9_999):
        allowance.send(f"+{one}", 0)
    for _ in range(TO_ONE):
        allowance.send("+x", HOUR)
    assert not allowance.send("+x", HOUR)
    assert len(allowance._times) < 20
