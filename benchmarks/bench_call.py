"""Press to ringing on the attorney's page, answer to first picture: medians of ten."""

import argparse

from desk_calls import call_once
from stage import row, stage


def main() -> None:
    parser = argparse.ArgumentParser("scripts/bench call", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    with stage() as one:
        seen = [call_once(one) for _ in range(runs)]
    print(row("press -> ringing", [each.ring for each in seen], "ms", 0))
    print(row("answer -> caller's picture", [each.caller for each in seen], "ms", 0))
    print(row("answer -> attorney's picture", [each.attorney for each in seen], "ms", 0))


if __name__ == "__main__":
    main()
