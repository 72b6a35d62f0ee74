"""The command line: `accompany --help`.

Each command's own options stand next to what it runs; here they are only put together. A command's
module is imported when that command is asked for: help and the quick ones should be quick.
"""

import argparse
import sys
from importlib import import_module

from accompany import __version__
from accompany.errors import AccompanyError

DESCRIPTION = """\
One button, an on-duty lawyer by video, and evidence that anybody can check.

  accompany serve                 start the server and print the addresses to open
  accompany record FILM …         send a film as a caller's phone would
  accompany package ID …          fetch the sealed package of a recording
  accompany open PACKAGE …        open it with a key, to watch and to show
  accompany verify PACKAGE …      check that nothing in it was altered

`accompany COMMAND --help` says more. docs/ has everything else.
"""

COMMANDS = {
    "serve": ("Start the server.", "accompany.cli.serve"),
    "record": ("Send a film, a sound or a camera.", "accompany.client.record_command"),
    "package": ("Fetch the sealed package of a recording.", "accompany.client.fetching"),
    "open": ("Open a sealed package with a key.", "accompany.client.opening_command"),
    "verify": ("Check a package, offline.", "accompany.cli.verify"),
    "audit": ("Follow a log, and alarm if it contradicts itself.", "accompany.client.auditing"),
    "witness": ("Cosign another organization's log.", "accompany.cli.witness"),
    "token": ("Tokens for auditors and witnesses.", "accompany.cli.token"),
    "code": ("Guest codes of posters: make, limit, end.", "accompany.cli.code"),
    "people": ("Invite people, list and remove them.", "accompany.cli.people"),
    "delete": ("Delete a recording, after seven days.", "accompany.cli.deletion"),
    "hold": ("Keep a recording whatever is wished, or no longer.", "accompany.cli.deletion"),
    "produce": ("Write all that is held about one recording.", "accompany.cli.produce"),
    "backup": ("Copy a server's data, to a folder or a bucket.", "accompany.cli.backup"),
    "restore": ("Make a data folder from a backup, checked.", "accompany.cli.backup"),
    "roster": ("Who is on shift, and where nobody is.", "accompany.cli.roster"),
    "desk": ("How soon presses were answered.", "accompany.cli.desk"),
    "posters": ("Posters and wallet cards, as PDF.", "accompany.cli.posters"),
    "webhooks": ("Signed messages to other programs.", "accompany.cli.webhooks"),
    "simulate": ("Play a day of presses against a roster.", "accompany.cli.simulate"),
    "doctor": ("Say what is missing or wrong, in words.", "accompany.cli.doctor"),
}
"""Name: what it does, and the module with `configure_<name>(parser)` and `run_<name>(given)`."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        "accompany", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"accompany {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for name, (about, module) in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about)
        if name in arguments:
            found = import_module(module)
            getattr(found, f"configure_{name}")(command)
            command.set_defaults(run=getattr(found, f"run_{name}"))
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 2
    try:
        status: int = given.run(given)
    except AccompanyError as error:
        print(f"accompany {given.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status
