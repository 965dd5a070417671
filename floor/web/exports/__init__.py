"""Reports for spreadsheets and other programs."""
