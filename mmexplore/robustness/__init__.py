"""Missing modalities: what a fusion still knows when cells are taken away, and what fills them in."""
