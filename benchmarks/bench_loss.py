"""Film missing after kill -9 of the caller's browser, five runs by default."""

import argparse

from losing import lose_a_browser
from stage import row, stage


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench loss", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    missing: list[float] = []
    for number in range(1, runs + 1):
        with stage() as one:
            loss = lose_a_browser(one.server, one.attorney, one.caller, one.folder, one.frames)
        missing.append(loss.missing)
        print(
            f"run {number}: {loss.missing:.2f} s missing; {loss.film.seconds:.1f} s of film, "
            f"{len(loss.film.frames)} frames, {len(loss.unstated)} unstated holes over 0.2 s; "
            f"verify exits {loss.status}, with --open-ended {loss.status_open_ended}, "
            f"{len(loss.fails)} fail",
            flush=True,
        )
    print(row("missing after kill -9", missing), "  limit 1.00 s")


if __name__ == "__main__":
    main()
