"""A fusion, an alignment, an encoder and a kind of data for mmexplore."""
