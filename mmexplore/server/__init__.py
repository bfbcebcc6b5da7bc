"""Long work, uploads, the store of vectors, and files that appear whole: what a served app needs."""
