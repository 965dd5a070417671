"""`python -m floor.plant`: the commands of a plant's set-up."""

import sys

from .demo_removal import main

sys.exit(main())
