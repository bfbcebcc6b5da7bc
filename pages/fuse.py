"""."""
from mmexplore.ui.needs import need
need("pairs")
