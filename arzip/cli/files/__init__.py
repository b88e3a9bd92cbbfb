"""Work on files: what is read, what is written, and the way of the bytes between."""
