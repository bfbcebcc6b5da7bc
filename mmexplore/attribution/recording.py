"""The attention inside a torch tower, recorded while it runs; the tower is as before afterwards.

Three ways of computing attention are met: `nn.MultiheadAttention` (open_clip up to 3.3), `scaled_dot_product_attention`
(open_clip's own `Attention` after it, timm), and a plain softmax followed by a module called `attn_drop` (the same
classes where they do not use SDPA). None hands out weights of which a gradient can be taken: what they return is a copy
beside the way of the computation. So the plain formula is computed in their place, and the tensor inside is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode


@contextmanager
def recorded_attention(tower: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """Within it every attention of `tower` appends its weights, [B, heads, queries, keys], in the order of the calls.

    The rows sum to 1, the tower's output is the same to rounding, and gradients may be taken with respect to the
    weights. Only the calls of this thread are recorded; the tower must not be run by another one meanwhile.
    """
    found: list[torch.Tensor] = []
    with ExitStack() as undo:
        for name, module in tower.named_modules():
            if isinstance(module, torch.nn.MultiheadAttention):
                undo.callback(module.__dict__.pop, "forward", None)
                module.forward = _Plain(module)  # type: ignore[method-assign]
            elif name.rpartition(".")[2] == "attn_drop":
                undo.callback(module.register_forward_hook(_keeper(found)).remove)
        undo.enter_context(_Fused(found))
        yield found


def _keep(weights: torch.Tensor, found: list[torch.Tensor]) -> torch.Tensor:
    if torch.is_grad_enabled() and not weights.requires_grad:  # a frozen tower: the way of the gradient begins here
        weights = weights.detach().requires_grad_()
    found.append(weights)
    return weights


def _keeper(found: list[torch.Tensor]) -> Any:
    def hook(module: torch.nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return _keep(output, found)

    return hook


class _Fused(TorchFunctionMode):
    """Computes `scaled_dot_product_attention` step by step and keeps its softmax. Holds for this thread only."""

    def __init__(self, found: list[torch.Tensor]) -> None:
        super().__init__()
        self.found = found

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is functional.scaled_dot_product_attention:
            return self._attend(*args, **kwargs)
        return func(*args, **kwargs)

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> torch.Tensor:
        if dropout_p or enable_gqa:
            raise NotImplementedError("attention with dropout or shared keys is not recorded")
        logits = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
        if is_causal:
            attn_mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
        if attn_mask is not None:
            hidden = attn_mask.dtype == torch.bool
            logits = logits.masked_fill(~attn_mask, -math.inf) if hidden else logits + attn_mask
        return _keep(logits.softmax(dim=-1), self.found) @ value


class _Plain:
    """`nn.MultiheadAttention.forward` by way of `scaled_dot_product_attention`, which `_Fused` records."""

    def __init__(self, module: torch.nn.MultiheadAttention) -> None:
        self.module = module

    def __call__(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = True,
        attn_mask: torch.Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[torch.Tensor, None]:
        m = self.module
        if key_padding_mask is not None or m.bias_k is not None or m.add_zero_attn:
            raise NotImplementedError("this form of attention is not recorded")
        inputs = (query, key, value)
        if not m.batch_first:
            inputs = tuple(x.transpose(0, 1) for x in inputs)  # type: ignore[assignment]
        if m.in_proj_weight is None:
            weights = (m.q_proj_weight, m.k_proj_weight, m.v_proj_weight)
        else:
            weights = m.in_proj_weight.chunk(3)
        biases = (None,) * 3 if m.in_proj_bias is None else m.in_proj_bias.chunk(3)
        q, k, v = (
            functional.linear(x, w, b).unflatten(-1, (m.num_heads, -1)).transpose(1, 2)
            for x, w, b in zip(inputs, weights, biases, strict=True)
        )
        if attn_mask is not None:
            if attn_mask.dtype == torch.bool:  # here True means hidden, in SDPA it means seen
                attn_mask = ~attn_mask
            if attn_mask.ndim == 3:
                attn_mask = attn_mask.unflatten(0, (-1, m.num_heads))
        out = m.out_proj(functional.scaled_dot_product_attention(q, k, v, attn_mask).transpose(1, 2).flatten(2))
        return (out if m.batch_first else out.transpose(0, 1)), None
