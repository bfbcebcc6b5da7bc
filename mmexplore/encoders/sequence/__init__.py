"""Encoders of series and video."""
