"""What each gesture does to a painting, one module a gesture."""
