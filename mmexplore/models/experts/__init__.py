"""One classifier or regressor a modality, fitted so that its answers can be trusted."""
