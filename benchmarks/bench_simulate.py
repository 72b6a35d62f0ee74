"""Ten million users' worst day, played by `accompany simulate`: wall and processor seconds."""

import json
import subprocess

from serving import accompany, environment

DAY = ("--users", "10000000", "--presses-per-year", "0.07", "--surge", "25", "--json")
LIMIT = 60.0


def main() -> int:
    done = subprocess.run(
        accompany("simulate", *DAY), env=environment(), capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    print(
        f"{told['presses']} presses, {told['attorneys']} attorneys, {told['interpreters']} "
        f"interpreters: {told['took_seconds']} s, {told['worked_seconds']} s of a processor "
        f"(limit {LIMIT:.0f} s); within 10 s {told['within_10_seconds']:.1%}"
    )
    return 0 if told["took_seconds"] < LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
