"""What people painted: the annotation of a picture, its class table, and how both are kept."""
