"""Where points lie: projections, and the geometry of spaces."""
