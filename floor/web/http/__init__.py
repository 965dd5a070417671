"""Path prefixes, entity tags and downloads, for pages, files and the REST interface."""
