"""`python -m floor.access`: access from the terminal."""

import sys

from .access_program import main

sys.exit(main())
