"""Words and regions, in a checkout. The page itself: mmexplore/app/pages/words_and_regions/page.py."""

from mmexplore.app.shell import frame

frame.draw("words_and_regions")
