"""Cluster and segment folders of mixed pictures: the functions that the workflow's scripts call."""
