"""How well a method, or a finished run, finds the groups that a person marked."""
