"""Latent space, in a checkout. The page itself: mmexplore/app/pages/latent_space/page.py."""

from mmexplore.ui import frame

frame.draw("latent_space")
