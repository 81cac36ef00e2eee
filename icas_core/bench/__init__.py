"""Every figure of speed and exactness that the project states, measured on this machine."""
