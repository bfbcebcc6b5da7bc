"""ConSE: a picture stands where the names of the classes it is taken for stand on average."""

from __future__ import annotations

import numpy as np

from mmexplore.models.alignment.bridge import FittedInAdvance
from mmexplore.models.alignment.bridge_views import conse_image, conse_text, to_minilm
from mmexplore.models.card import MethodCard


class ConSEAlignment(FittedInAdvance):
    """Convex combination of semantic embeddings (Norouzi et al. 2014), both sides centred.

    z(picture) = sum_c p(c | picture) n_c - mean over photos;  z(text) = t - mean over captions;
    p: EfficientNet-Lite0's class probabilities, n_c: MiniLM's vector of the names and the definition of class c.
    """

    name = "conse"
    card = MethodCard(
        title="Convex combination of semantic embeddings (ConSE)",
        summary="Asks the picture encoder which of its 1,000 things it sees, and puts the picture between the names "
        "of the likeliest, in the space of the text encoder. Nothing is learned from pairs.",
        equation=r"z(x)=\sum_{c=1}^{1000} p(c\mid x)\,n_c-\nu,\qquad z(t)=t-\tau",
        paper="Norouzi et al. 2014, Zero-shot learning by convex combination of semantic embeddings",
        look_for="Good where a picture shows one thing that has a name, poor for scenes and whole sentences: compare "
        "with the bridge. It can only speak of the 1,000 ImageNet classes and what lies between them. The "
        "centres come from Flickr8k: for research and education use.",
        missing="Each modality is mapped on its own, so any subset may be present; an absent cell stays zero.",
    )

    def image(self, vectors: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
        return conse_image(vectors, arrays)

    def text(self, vectors: np.ndarray, space: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
        return conse_text(to_minilm(vectors, space, arrays), arrays)
