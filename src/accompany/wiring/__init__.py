"""Settings in, application out: the only package that knows all the others.

`running` opens the data folder and runs what runs by itself, `assembling` makes every part,
`server` is what comes of it. Not here: reading the command line (`cli`), what any part does.
"""

from accompany.wiring.running import serving
from accompany.wiring.server import Server, door_for

__all__ = ["Server", "door_for", "serving"]
