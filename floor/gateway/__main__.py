"""`python -m floor.gateway`: from machines to the app."""

import sys

from .program import main

sys.exit(main())
