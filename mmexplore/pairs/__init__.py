"""Paired data: what it is, how it is read, decoded safely, and the built-in examples."""
