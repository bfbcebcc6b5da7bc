"""Encoders: media in, vectors out; one registry (`mmexplore.encoders.registry`) behind every choice."""
