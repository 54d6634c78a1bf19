"""The image whose mean feature is most like the reference's wins."""

from __future__ import annotations

import pytest
import torch

from pytest_vlmsight.readouts import nearest_pooled, pool


def test_the_mean_decides() -> None:
    reference = torch.tensor([[2.0, 0.0], [0.0, 0.0]])
    scattered = torch.tensor([[9.0, 5.0], [9.0, -5.0], [9.0, 0.0]])
    close = torch.tensor([[1.0, 0.3]])
    assert pool(scattered).tolist() == [9, 0]
    assert nearest_pooled(reference, [close, scattered]) == 1


def test_of_equals_the_first_wins() -> None:
    image = torch.tensor([[1.0, 2.0]])
    assert nearest_pooled(image, [-image, image, 3 * image]) == 1


def test_unsound_features_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one candidate"):
        nearest_pooled(torch.ones(2, 3), [])
    with pytest.raises(ValueError, match="reference has d=3, candidate has d=4"):
        nearest_pooled(torch.ones(2, 3), [torch.ones(2, 3), torch.ones(2, 4)])
    with pytest.raises(ValueError, match="patches holds NaN"):
        nearest_pooled(torch.full((2, 3), torch.nan), [torch.ones(2, 3)])
