"""Attention recorded inside torch towers: the same answer, true weights, nothing left behind, gradients that agree."""

from __future__ import annotations

from collections.abc import Callable

import open_clip
import pytest
import torch
from torch import nn
from torch.nn import functional

from mmexplore.attribution import recording
from mmexplore.attribution.recording import recorded_attention
from tests.encoders.conftest import TINY_CONFIG


class LaterAttention(nn.Module):
    """open_clip's own `Attention` after 3.3, as far as it concerns us: one projection for q, k and v; SDPA where
    `use_sdpa`, else a softmax through `attn_drop`; boolean masks mean "seen"."""

    def __init__(self, dim: int, heads: int, use_sdpa: bool) -> None:
        super().__init__()
        self.num_heads, self.use_sdpa = heads, use_sdpa
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * dim))
        self.attn_drop = nn.Dropout(0.1)
        self.out_proj = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor, attn_mask: torch.Tensor | None = None) -> torch.Tensor:
        n, length, width = x.shape
        q, k, v = functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        q, k, v = (t.reshape(n, length, self.num_heads, -1).transpose(1, 2) for t in (q, k, v))
        if self.use_sdpa:
            drop = self.attn_drop.p if self.training else 0.0
            x = functional.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask, dropout_p=drop)
        else:
            weights = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
            weights = weights if attn_mask is None else weights + attn_mask
            x = self.attn_drop(weights.softmax(dim=-1)) @ v
        return self.out_proj(x.transpose(1, 2).reshape(n, length, width))


def later(model: nn.Module, use_sdpa: bool) -> nn.Module:
    """The model with every `nn.MultiheadAttention` replaced by the later class, with the same weights."""
    for block in [*model.visual.transformer.resblocks, *model.transformer.resblocks]:
        old = block.attn
        new = LaterAttention(old.embed_dim, old.num_heads, use_sdpa).eval()
        new.load_state_dict(old.state_dict())
        block.attn = new
        block.attention = lambda q_x, k_x=None, v_x=None, attn_mask=None, attn=new: attn(q_x, attn_mask=attn_mask)
    return model


@pytest.fixture(params=["MultiheadAttention", "later, SDPA", "later, plain softmax"])
def model(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    made = open_clip.CLIP(**TINY_CONFIG).eval()
    return made if request.param == "MultiheadAttention" else later(made, "SDPA" in request.param)


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    ids = torch.zeros(1, 24, dtype=torch.long)
    ids[0, :6] = torch.tensor([49406, 320, 1929, 2368, 539, 49407])
    return torch.rand(1, 3, 32, 32), ids


def sides(model: nn.Module) -> list[tuple[str, Callable[[], torch.Tensor]]]:
    pixels, ids = inputs()
    return [("image", lambda: model.encode_image(pixels)), ("text", lambda: model.encode_text(ids))]


def test_the_answer_is_the_same_with_and_without(model: nn.Module):
    for _, run in sides(model):
        with torch.no_grad():
            plainly = run()
            with recorded_attention(model) as found:
                inside = run()
            again = run()
        assert len(found) == 2, "one a layer"
        assert (plainly - inside).abs().max() <= 1e-5
        assert torch.equal(plainly, again), "nothing is left behind"


def test_rows_sum_to_one_and_the_text_is_causal(model: nn.Module):
    for side, run in sides(model):
        with torch.no_grad(), recorded_attention(model) as found:
            run()
        tokens = 5 if side == "image" else 24
        for weights in found:
            assert weights.reshape(-1, tokens, tokens).shape[0] == 2, "two heads"
            assert torch.allclose(weights.sum(-1), torch.ones(()), atol=1e-5)
            assert weights.min() >= 0
            if side == "text":
                assert weights.triu(1).abs().max() == 0


def test_the_model_is_restored_even_after_an_error(model: nn.Module):
    before = {name: (dict(m.__dict__), len(m._forward_hooks)) for name, m in model.named_modules()}
    with pytest.raises(RuntimeError, match="broken"), recorded_attention(model):
        raise RuntimeError("broken")
    for name, module in model.named_modules():
        assert set(module.__dict__) == set(before[name][0])
        assert len(module._forward_hooks) == before[name][1]
    with recorded_attention(model) as found:
        pass
    sides(model)[0][1]()
    assert found == [], "afterwards nothing is recorded"


def test_weights_are_those_of_torch(model: nn.Module):
    """Against nn.MultiheadAttention's own answer, layer by layer."""
    torch.manual_seed(0)
    reference = open_clip.CLIP(**TINY_CONFIG).eval()
    seen = []
    for block in reference.visual.transformer.resblocks:
        block.attention = lambda q_x, k_x=None, v_x=None, attn_mask=None, attn=block.attn: _kept(attn, q_x, seen)
    pixels, _ = inputs()
    with torch.no_grad(), recorded_attention(model) as found:
        model.encode_image(pixels)
    with torch.no_grad():
        reference.encode_image(pixels)
    for ours, theirs in zip(found, seen, strict=True):
        assert torch.allclose(ours.reshape(theirs.shape), theirs, atol=1e-5)


def _kept(attention: nn.MultiheadAttention, x: torch.Tensor, seen: list[torch.Tensor]) -> torch.Tensor:
    out, weights = attention(x, x, x, need_weights=True, average_attn_weights=False)
    seen.append(weights)
    return out


def test_gradients_are_those_of_finite_differences(model: nn.Module, monkeypatch: pytest.MonkeyPatch):
    """d output / d weight, by moving one weight inside: a gradient taken on a returned copy would be none at all."""
    model.double()
    pixels = inputs()[0].double()
    direction = torch.randn(32, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with recorded_attention(model) as found:
        value = (model.encode_image(pixels)[0] * direction).sum()
    slopes = torch.autograd.grad(value, found)
    assert all(s.abs().max() > 0 for s in slopes)

    def moved(by: float) -> float:
        def keep(weights: torch.Tensor, recorded: list[torch.Tensor]) -> torch.Tensor:
            recorded.append(weights)
            nudge = torch.zeros(2, 5, 5, dtype=torch.float64)
            nudge[1, 0, 3] = by if len(recorded) == 2 else 0
            return weights + nudge.reshape(weights.shape)

        monkeypatch.setattr(recording, "_keep", keep)
        with torch.no_grad(), recorded_attention(model):
            return float((model.encode_image(pixels)[0] * direction).sum())

    step = 1e-5
    by_hand = (moved(step) - moved(-step)) / (2 * step)
    assert by_hand == pytest.approx(float(slopes[1].reshape(2, 5, 5)[1, 0, 3]), rel=1e-5)


def test_a_frozen_tower_gives_gradients_too(model: nn.Module):
    model.requires_grad_(False)
    pixels, _ = inputs()
    with recorded_attention(model) as found:
        value = model.encode_image(pixels).sum()
    assert all(s.abs().max() > 0 for s in torch.autograd.grad(value, found))
