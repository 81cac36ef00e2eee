"""Learned features: models, training, embedding. The modules that need torch are imported where they are used only."""
