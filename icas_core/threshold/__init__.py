"""Choosing a threshold by eye, on a sample of the person's own pictures."""
