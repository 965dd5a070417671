"""What every request passes before a page or the REST face sees it."""
