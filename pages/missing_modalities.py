"""Missing modalities, in a checkout. The page itself: mmexplore/app/pages/missing_modalities/page.py."""

from mmexplore.ui import frame

frame.draw("missing_modalities")
