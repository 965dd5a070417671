"""The floor: tiles, lines, the drawer of a machine, the wall screen."""
