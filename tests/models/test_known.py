"""Every fitted method says the same of a modality that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from mmexplore.data.embeddings import Embeddings
from mmexplore.errors import UserError
from mmexplore.models.alignment.mcca import MultisetCCA
from mmexplore.models.fusion.late_sum import LateSumFusion
from tests.models.alignment.made import planted


@pytest.mark.parametrize("method", [MultisetCCA(2), LateSumFusion()])
def test_what_was_not_there_at_the_fit_is_told_in_the_same_words(method):
    data = planted(60, {"photo": 5, "caption": 4})
    data = data.with_labels(np.arange(60) % 2)
    method.fit(data)
    wider = data.with_vectors(data.vectors | {"photo": np.ones((60, 6), np.float32)}, data.spaces)
    with pytest.raises(UserError, match="its vectors have 6 numbers, at the fit they had 5") as told:
        method.transform(wider)
    assert told.value.where == "modality photo"
    stranger = Embeddings.of(data.vectors | {"sound": np.ones((60, 2), np.float32)})
    with pytest.raises(UserError, match="it was not there at the fit") as told:
        method.transform(stranger)
    assert told.value.where == "modality sound" and "leave it out" in told.value.remedy
