"""`python -m floor.plant`: commands to set up a plant."""

import sys

from .demo_removal import main

sys.exit(main())
