"""An organization that sets nothing has the numbers of the field: answering points, hotlines."""

from accompany.config import Settings
from accompany.dispatch.rules import MINUTE, SECOND, Rules


def test_without_a_setting_the_numbers_are_those_of_the_field() -> None:
    rules = Rules.of(Settings())
    assert rules == Rules()
    assert (rules.width, [rules.wave * wave for wave in range(3)]) == (3, [0, 8_000, 16_000])
    assert rules.alarm == 24 * SECOND
    assert (rules.misses, rules.pause, rules.wrap_up) == (2, 10 * MINUTE, 5 * MINUTE)
    assert (rules.reconnect, rules.hold) == (90 * SECOND, 30 * SECOND)
    assert rules.surge_wrap_up < rules.wrap_up
    assert (rules.support, rules.partners, rules.interpreters) == ("after", "after", True)
