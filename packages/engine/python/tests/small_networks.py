"""Small networks of random weights, one for each kind of cache.

Their weights are large enough for each token that was read to change what comes next.
"""

from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map_with_path
from mlx_lm.models import falcon_h1, gemma3_text, lfm2, llama, mamba2, qwen3_next

VOCABULARY = 64
WINDOW = 16


def _random(network: nn.Module) -> nn.Module:
    key = mx.random.key(11)

    def draw(path: str, weight: mx.array) -> mx.array:
        nonlocal key
        key, this = mx.random.split(key)
        if weight.ndim < 2 or "norm" in path:
            return weight
        scale = 1.0 if "embed" in path else 1.6 / weight.shape[-1] ** 0.5
        return scale * mx.random.normal(weight.shape, key=this)

    parameters: Any = network.parameters()  # type: ignore[no-untyped-call]
    network.update(tree_map_with_path(draw, parameters))
    mx.eval(network.parameters())  # type: ignore[no-untyped-call]
    return network


def plain(vocabulary: int = VOCABULARY) -> nn.Module:
    """KVCache in each layer: any prefix can be cut."""
    arguments = llama.ModelArgs(
        model_type="llama",
        hidden_size=32,
        num_hidden_layers=2,
        intermediate_size=64,
        num_attention_heads=2,
        num_key_value_heads=2,
        rms_norm_eps=1e-5,
        vocab_size=vocabulary,
    )
    return _random(llama.Model(arguments))


def sliding(vocabulary: int = VOCABULARY) -> nn.Module:
    """RotatingKVCache in two layers of three, KVCache in the third."""
    arguments = gemma3_text.ModelArgs(
        model_type="gemma3_text",
        hidden_size=32,
        num_hidden_layers=3,
        intermediate_size=64,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        vocab_size=vocabulary,
        sliding_window=WINDOW,
        sliding_window_pattern=3,
        query_pre_attn_scalar=16,
    )
    return _random(gemma3_text.Model(arguments))


def recurrent() -> nn.Module:
    """ArraysCache in each layer."""
    arguments = mamba2.ModelArgs(
        model_type="mamba2",
        num_heads=4,
        head_dim=16,
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        state_size=16,
        num_hidden_layers=2,
        layer_norm_epsilon=1e-5,
        conv_kernel=4,
        n_groups=1,
        use_bias=False,
        use_conv_bias=True,
        tie_word_embeddings=True,
        time_step_limit=(0.001, 100.0),
        time_step_rank="auto",
    )
    return _random(mamba2.Model(arguments))


def convolutional() -> nn.Module:
    """ArraysCache in one layer, KVCache in the other."""
    arguments = lfm2.ModelArgs(
        model_type="lfm2",
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        norm_eps=1e-5,
        conv_bias=False,
        conv_L_cache=3,
        block_dim=32,
        block_ff_dim=64,
        block_multiple_of=8,
        block_ffn_dim_multiplier=1.0,
        block_auto_adjust_ff_dim=False,
        full_attn_idxs=[1],
    )
    return _random(lfm2.Model(arguments))


def hybrid(vocabulary: int = VOCABULARY) -> nn.Module:
    """Gated delta nets with ArraysCache, and attention with KVCache."""
    arguments = qwen3_next.ModelArgs(
        model_type="qwen3_next",
        hidden_size=32,
        num_hidden_layers=2,
        intermediate_size=64,
        num_attention_heads=2,
        linear_num_value_heads=2,
        linear_num_key_heads=2,
        linear_key_head_dim=32,
        linear_value_head_dim=32,
        linear_conv_kernel_dim=4,
        num_experts=0,
        num_experts_per_tok=1,
        decoder_sparse_step=1,
        shared_expert_intermediate_size=32,
        mlp_only_layers=[],
        moe_intermediate_size=32,
        rms_norm_eps=1e-6,
        vocab_size=vocabulary,
        num_key_value_heads=2,
        rope_theta=1000.0,
        partial_rotary_factor=0.5,
        max_position_embeddings=1024,
        head_dim=16,
        full_attention_interval=2,
    )
    return _random(qwen3_next.Model(arguments))


def paired() -> nn.Module:
    """CacheList of an ArraysCache and a KVCache in each layer."""
    arguments = falcon_h1.ModelArgs(
        embedding_multiplier=1.0,
        head_dim=16,
        hidden_size=32,
        intermediate_size=64,
        key_multiplier=1.0,
        lm_head_multiplier=1.0,
        mamba_d_head=16,
        mamba_d_ssm=64,
        mamba_d_state=16,
        mamba_n_heads=4,
        mlp_multipliers=[1.0, 1.0],
        num_attention_heads=2,
        num_hidden_layers=2,
        num_key_value_heads=1,
        rope_theta=1000.0,
        ssm_multipliers=[1.0] * 5,
        vocab_size=VOCABULARY,
    )
    return _random(falcon_h1.Model(arguments))


NETWORKS = {
    "plain": plain,
    "sliding": sliding,
    "recurrent": recurrent,
    "convolutional": convolutional,
    "hybrid": hybrid,
    "paired": paired,
}
