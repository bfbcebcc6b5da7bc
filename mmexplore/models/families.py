"""The families of methods: what a method's `family` may be, and what each means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """The field's term for a family, and one sentence on what its methods do."""

    title: str
    about: str


#: `family` of a method -> what it is. A method of a package of one's own may have another one; it is shown as it is.
FAMILIES = {
    "alignment": Family("Alignment", "Maps the modalities into one space, where they can be compared directly."),
    "feature-level": Family(
        "Feature-level fusion", "Puts the modalities' vectors side by side and learns from all of their numbers."
    ),
    "modality-level": Family("Modality-level fusion", "Each modality answers for itself; the answers are combined."),
    "hybrid": Family("Hybrid fusion", "Learns from all vectors together and from each modality alone."),
    "attention": Family(
        "Attention fusion", "Weighs the modalities, or lets them look at one another, anew for each item."
    ),
    "gated": Family("Gated fusion", "A gate for every number decides, for each item, which modality it comes from."),
    "tensor": Family("Tensor fusion", "Multiplies the modalities' numbers, and so sees what only goes together."),
    "recurrent": Family("Recurrent fusion", "Tells each modality what the others say, and fuses again."),
    "autoencoder": Family("Autoencoder", "Makes one code of what is there and rebuilds every modality from it."),
    "variational autoencoder": Family(
        "Variational autoencoder", "As an autoencoder, with a distribution in place of the code: it can be drawn from."
    ),
}
