"""What one modality finds in another: galleries, exact search, metrics."""
