"""The network in torch: one encoder pass a text, then each target looks at the token states for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["HeadConfig", "StanceNetwork", "TargetHead"]


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """Sizes of the head.

    Attributes:
        hidden: Width of the encoder's states.
        width: Width of the head's own states, to which the encoder's are projected; 0 takes them as they are.
        heads: Attention heads of each block.
        blocks: How often a target looks at the text.
        labels: Number of labels.
        dropout: Share of features dropped in training.
    """

    hidden: int
    heads: int = 6
    blocks: int = 2
    labels: int = 4
    dropout: float = 0.1
    width: int = 0

    @property
    def own(self) -> int:
        """Width of the head's states."""
        return self.width or self.hidden


class TargetBlock(nn.Module):
    """A target's state looks at the token states once (pre-norm cross-attention, then a feed-forward layer).

    The attention is written out, since `nn.MultiheadAttention` with few queries is 17 times slower under bf16 on CPU
    (measured: shared ENGINEERING notes, "One pass for all targets"). Few targets look at many tokens, so matrices are
    moved to the side of the targets: q (W x + b) = (q W) x + q b, where q b is the same for all tokens and falls out of
    the softmax, and the values' matrix comes after the weighted sum. The results are those of keys and values made of
    every token, but for rounding, at the price of a few rows (docs/decisions/0016).
    """

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        width = config.own
        self.heads = config.heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.mention_bias = nn.Parameter(torch.ones(config.heads))
        self.output = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(config.dropout), nn.Linear(2 * width, width)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, state: Tensor, tokens: Tensor, padding: Tensor, mentions: Tensor) -> Tensor:
        """Update the targets' states.

        Args:
            state: Targets' states, shape (batch, targets, hidden).
            tokens: Token states, shape (batch, length, hidden).
            padding: 0 for tokens, a large negative number for padding, shape (batch, length).
            mentions: 1 where a token belongs to a mention of a target, shape (batch, targets, length).

        Returns:
            New states, shape (batch, targets, hidden).
        """
        batch, targets, width = state.shape
        size = width // self.heads
        query = self.query(self.norm(state)).reshape(batch, targets, self.heads, size)
        to_key, to_value = self.key_value.weight.reshape(2, self.heads, size, width).unbind(0)
        asked = torch.einsum("bthd,hdw->bhtw", query, to_key).reshape(batch, -1, width)
        scores = (asked @ tokens.transpose(1, 2)).reshape(batch, self.heads, targets, -1) / size**0.5
        scores = scores.float() + self.mention_bias[None, :, None, None] * mentions[:, None] + padding[:, None, None]
        weights = scores.softmax(-1).to(tokens.dtype)
        mixed = (weights.reshape(batch, self.heads * targets, -1) @ tokens).reshape(batch, self.heads, targets, width)
        seen = torch.einsum("bhtw,hdw->bthd", mixed, to_value).reshape(batch, targets, width)
        seen = seen + self.key_value.bias[width:]
        state = state + self.dropout(self.output(seen))
        updated: Tensor = state + self.dropout(self.feed(self.feed_norm(state)))
        return updated


class TargetHead(nn.Module):
    """Give each target's label scores from the token states; targets never see each other."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        width = config.own
        self.narrow = nn.Linear(config.hidden, width) if config.width else nn.Identity()
        self.target = nn.Linear(width, width)
        self.mention = nn.Linear(width, width)
        self.unnamed = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(TargetBlock(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(4 * width)
        self.classifier = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(4 * width, width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, config.labels),
        )

    def forward(self, tokens: Tensor, attention_mask: Tensor, mentions: Tensor, queries: Tensor) -> Tensor:
        """Score the labels.

        Args:
            tokens: Token states, shape (batch, length, hidden).
            attention_mask: 1 for tokens, 0 for padding, shape (batch, length).
            mentions: 1 where a token belongs to a mention of a target, shape (batch, targets, length).
            queries: Targets' descriptions, encoded, shape (targets, hidden), or (batch, targets, hidden) where each
                text has targets of its own.

        Returns:
            Scores before softmax, shape (batch, targets, labels).
        """
        padding = (1.0 - attention_mask.to(torch.float32)) * -1e4
        tokens, queries = self.narrow(tokens), self.narrow(queries)
        text = mean_state(tokens, attention_mask)[:, None].expand(-1, queries.shape[-2], -1)
        count = mentions.sum(-1, keepdim=True)
        named = torch.einsum("btl,blh->bth", mentions, tokens.float()) / count.clamp(min=1.0)
        named = torch.where(count > 0, named, self.unnamed)
        target = self.target(queries)
        if queries.ndim == 2:
            target = target[None].expand(tokens.shape[0], -1, -1)
        state = target + self.mention(named)
        for block in self.blocks:
            state = block(state, tokens, padding, mentions)
        features = torch.cat([state.float(), named, text.float(), target.float()], dim=-1)
        scores: Tensor = self.classifier(self.norm(features))
        return scores


class StanceNetwork(nn.Module):
    """Encoder and head together.

    Args:
        encoder: A transformers encoder without pooling layer.
        config: Sizes of the head.
    """

    def __init__(self, encoder: Any, config: HeadConfig) -> None:  # noqa: ANN401 - transformers models share no useful base type
        super().__init__()
        self.encoder = encoder
        self.head = TargetHead(config)
        self.config = config

    @property
    def segmented(self) -> bool:
        """Whether the encoder tells the segments of a pair apart by embeddings of their own."""
        return int(getattr(self.encoder.config, "type_vocab_size", 1)) > 1

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        mentions: Tensor,
        queries: Tensor,
        segments: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Encode the texts once and score every target.

        Args:
            input_ids: Token ids, shape (batch, length).
            attention_mask: 1 for tokens, 0 for padding, shape (batch, length).
            mentions: 1 where a token belongs to a mention of a target, shape (batch, targets, length).
            queries: Targets' descriptions, encoded, shape (targets, hidden) or (batch, targets, hidden).
            segments: Segment of each token, shape (batch, length); None where all are of the first.

        Returns:
            Scores before softmax, shape (batch, targets, labels), and the mean token state of each text, shape
            (batch, hidden): the latter of a target's description is its query.
        """
        more = {} if segments is None else {"token_type_ids": segments}
        tokens = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **more).last_hidden_state
        return self.head(tokens, attention_mask, mentions, queries), mean_state(tokens, attention_mask)

    def encode_targets(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode targets' descriptions into queries, shape (targets, hidden)."""
        return mean_state(
            self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state, attention_mask
        )


def mean_state(tokens: Tensor, attention_mask: Tensor) -> Tensor:
    """Average the states of the tokens that are no padding; shape (batch, hidden)."""
    mask = attention_mask.to(torch.float32)[..., None]
    return (tokens.float() * mask).sum(1) / mask.sum(1).clamp(min=1.0)
