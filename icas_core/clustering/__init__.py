"""Clusters from similar pairs: connected components, representatives, merging, folders of pictures."""
