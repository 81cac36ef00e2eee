"""How alike two pictures are: five methods, one registry, one driver over pairs."""
