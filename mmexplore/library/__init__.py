"""One call each, for notebooks: recall, shapley, compare, and fusions as scikit-learn's classifiers."""
