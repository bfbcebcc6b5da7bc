"""How good an answer is, on which rows, how sure, and beside what."""
