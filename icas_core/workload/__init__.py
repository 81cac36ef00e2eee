"""How many pairs a run compares, as expected and as counted, and how long it will take."""
