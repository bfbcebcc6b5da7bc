"""Weights checked: what each modality contributes, measured on the fitted model, beside what the model says."""
