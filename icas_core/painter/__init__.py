"""The painter: what a person does to an annotation, and the windows in which they do it."""
