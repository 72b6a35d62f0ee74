"""Write the tables of docs/routes.md from the table of rights; a test compares the two."""

from pathlib import Path

from accompany.accounts.rights import (
    EVERYBODY,
    MEANING,
    NOBODY,
    ON_CARDS,
    PEOPLE,
    PHONE,
    RIGHTS,
    Role,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "routes.md"

INTRODUCTION = """\
# Every address, every live message, and who may

Written by `scripts/fix` from the one table of rights (`src/accompany/accounts/rights.py`); tests
compare it with the application, and ask each row as each role. Requests and answers stand in
[format.md](format.md), live messages in [live.md](live.md), telling people in
[telling.md](telling.md), attorneys' channels in [channels.md](channels.md), errors in
[problems.md](problems.md).

Without the right the answer is 401 (nobody we know), 403 (known, but not theirs) or, wherever the
existence of a thing is itself a secret, the same 404 as for a thing that does not exist.
"""

SETS: dict[frozenset[Role], str] = {
    EVERYBODY: "everybody",
    NOBODY: "nobody",
    PEOPLE: "any session",
    PHONE: "any phone",
    frozenset(ON_CARDS): "whoever goes on duty",
}


def words(roles: frozenset[Role]) -> str:
    """Return *roles* in as few words as they have."""
    if roles in SETS:
        return SETS[roles]
    for most, name in ((PEOPLE, "any session"), (PHONE, "any phone")):
        if most < roles:
            return f"{name}, {words(roles - most)}"
    return ", ".join(role for role in MEANING if role in roles)


def page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION, "\n| role | who that is |\n|---|---|\n"]
    parts += [f"| {role} | {meaning} |\n" for role, meaning in MEANING.items()]
    parts.append("\n| method | address | to what is theirs | to somebody else's | shown by |\n")
    parts.append("|---|---|---|---|---|\n")
    messages = "\n| socket | message | to what is theirs | to somebody else's | shown by |\n"
    messages += "|---|---|---|---|---|\n"
    for act, rule in RIGHTS.items():
        first, _, rest = act.partition(" ")
        row = f"| {words(rule.own)} | {words(rule.others)} | {rule.by} |\n"
        if act == "the live log":
            messages += f"\nThe live log is shown to: {words(rule.own)} ({rule.by}).\n"
        elif first.isupper():
            parts.append(f"| {first} | `{rest}` {row}")
        else:
            messages += f"| {first} | `{rest}` {row}"
    return "".join([*parts, messages])


if __name__ == "__main__":
    PAGE.write_text(page())
