"""Clusters of embeddings: several clustering models are fitted, scored, and the best one's clusters are taken."""
