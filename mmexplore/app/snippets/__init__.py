"""The Python that recreates what a page shows."""
