"""Missing modalities, in a checkout. The page itself: mmexplore/app/pages/missing_modalities/page.py."""

from mmexplore.app.shell import frame

frame.draw("missing_modalities")
