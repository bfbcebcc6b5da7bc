"""mmexplore: bring pairs, pick encoders and a fusion, and see what each modality contributes."""

__version__ = "0.1.0"
