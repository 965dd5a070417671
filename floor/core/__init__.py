"""The nouns, rules and settings of the plant. Does no input or output; imports nothing else of the project."""
