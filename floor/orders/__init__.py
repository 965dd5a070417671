"""Work orders and employees: commands, lists, attachments."""
