"""`python -m floor.plant`: commands to set up a plant."""

import sys

from .plant_program import main

sys.exit(main())
