"""What pages, files and the REST interface have in common: paths, entity tags, downloads."""
