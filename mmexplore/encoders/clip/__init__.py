"""Encoder pairs that share a space (CLIP and its kin)."""
