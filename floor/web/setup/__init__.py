"""The set-up of the plant, for supervisors: /setup and its pages."""
