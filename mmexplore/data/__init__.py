"""What is given: pairs, vectors, and how they are read."""
