"""Latent space, in a checkout. The page itself: mmexplore/app/pages/latent_space/page.py."""

from mmexplore.app.shell import frame

frame.draw("latent_space")
