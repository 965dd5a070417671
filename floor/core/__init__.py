"""The nouns, rules and settings of the plant: no input or output, and nothing of ours outside this folder."""
