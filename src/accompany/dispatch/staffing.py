"""How many people a load needs, by theory: Erlang B, C and A. Pure.

*load* is in erlangs: calls that begin in a time, times how long each takes with its wrap-up. Erlang
C is a line in which nobody gives up; A (Palm) is one in which people do. Both assume arrivals by
chance, times that are exponential, and one pool in which everybody can take every call.
"""

from math import exp


def erlang_b(people: int, load: float) -> float:
    """Return the share of calls that find everybody busy, where none waits."""
    blocked = 1.0
    for one in range(1, people + 1):
        blocked = load * blocked / (one + load * blocked)
    return blocked


def erlang_c(people: int, load: float) -> float:
    """Return the share of calls that have to wait; 1 where the line only grows."""
    if load >= people:
        return 1.0
    blocked = erlang_b(people, load)
    return people * blocked / (people - load * (1 - blocked))


def mean_wait(people: int, load: float, takes: float) -> float:
    """Return how long a call waits on average, in the unit of *takes*."""
    if load >= people:
        return float("inf")
    return erlang_c(people, load) * takes / (people - load)


def within(people: int, load: float, takes: float, wait: float) -> float:
    """Return the share of calls that wait at most *wait*."""
    if load >= people:
        return 0.0
    return 1 - erlang_c(people, load) * exp(-(people - load) * wait / takes)


def needed(load: float, takes: float, wait: float, target: float) -> int:
    """Return the fewest people with whom the share *target* waits at most *wait* (Erlang C)."""
    people = max(1, int(load) + 1)
    while within(people, load, takes, wait) < target:
        people += 1
    return people


def abandoned(people: int, load: float, takes: float, patience: float) -> float:
    """Return the share of callers who give up, with *patience* on average (Erlang A)."""
    # The chances of 0, 1, 2 … in the system, up to where nothing is left of them.
    chance, number = 1.0, 0
    total = lost = 0.0
    while number <= people or chance > total * 1e-12:
        total += chance
        lost += chance * max(0, number - people) / patience
        number += 1
        leaving = min(number, people) / takes + max(0, number - people) / patience
        chance *= (load / takes) / leaving
    return lost / total * takes / load if load else 0.0
