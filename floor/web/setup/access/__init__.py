"""/setup/access: who and what has access, for supervisors."""
