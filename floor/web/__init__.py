"""Everything that a browser or a program asks for over HTTP."""
