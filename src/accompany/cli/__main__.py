"""`python -m accompany.cli`."""

import sys

from accompany.cli import main

sys.exit(main())
