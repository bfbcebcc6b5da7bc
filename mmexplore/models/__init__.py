"""What all methods have in common: parameters, card, training; methods live in the folders below."""
