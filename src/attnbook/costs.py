"""What attention costs, before it is run: FLOPs, bytes moved, bytes kept.

Chapter: book/efficient.md. A multiplication and an addition are two FLOPs; softmaxes and
masks are left out, as in `torch.utils.flop_counter`.
"""

# Matrix products of one query row and one key, each 2 * d_head FLOPs: scores and output on the
# way there; both factors of each on the way back; the scores once more where they are not kept.
FORWARD_PRODUCTS, BACKWARD_PRODUCTS, RECOMPUTED_PRODUCTS = 2, 4, 1


def attention_flops(
    num_queries: int, num_keys: int, d_head: int, num_heads: int = 1, causal: bool = False
) -> int:
    """Return the FLOPs of the two matrix products of attention, QKᵀ and the weights times V.

    Vaswani et al. (2017), table 1: O(n² d) for self-attention.

    Args:
        num_queries: Number of queries.
        num_keys: Number of keys.
        d_head: Width of queries, keys and values.
        num_heads: Number of heads, times the number of sequences in a batch.
        causal: Whether to count only the pairs that a causal mask lets through. A kernel that
            hides scores after it has computed them does not save the others.

    Raises:
        ValueError: If a number is negative.
    """
    _check_sizes(num_queries=num_queries, num_keys=num_keys, d_head=d_head, num_heads=num_heads)
    pairs = causal_pairs(num_queries, num_keys) if causal else num_queries * num_keys
    return FORWARD_PRODUCTS * 2 * pairs * d_head * num_heads


def training_flops(
    num_queries: int, num_keys: int, d_head: int, num_heads: int = 1, *, recompute: bool
) -> int:
    """Return the FLOPs of attention and of its gradients.

    Args:
        num_queries: Number of queries.
        num_keys: Number of keys.
        d_head: Width of queries, keys and values.
        num_heads: Number of heads, times the number of sequences in a batch.
        recompute: Whether the way back computes the scores again instead of keeping the
            weights: Dao et al. (2022), section 3.1.
    """
    forward = attention_flops(num_queries, num_keys, d_head, num_heads)
    backward = BACKWARD_PRODUCTS + (RECOMPUTED_PRODUCTS if recompute else 0)
    return forward + forward * backward // FORWARD_PRODUCTS


def multihead_flops(
    num_positions: int, d_model: int, num_heads: int = 1, num_kv_heads: int | None = None
) -> int:
    """Return the FLOPs of self-attention with its four projections.

    The projections grow linearly with the length and attention quadratically: with as many
    heads of keys as of queries they meet at a length of 2 d_model.

    Args:
        num_positions: Length of the sequence.
        d_model: Width of the layer.
        num_heads: Number of query heads.
        num_kv_heads: Number of heads of keys and values; as many as query heads if not given.

    Raises:
        ValueError: If d_model is not a multiple of num_heads.
    """
    if num_heads < 1 or d_model % num_heads:
        raise ValueError(
            "d_model must be a multiple of num_heads, "
            f"got d_model={d_model} and num_heads={num_heads}"
        )
    d_head = d_model // num_heads
    d_kv = d_model if num_kv_heads is None else num_kv_heads * d_head
    projections = 2 * num_positions * d_model * (2 * d_model + 2 * d_kv)
    return projections + attention_flops(num_positions, num_positions, d_head, num_heads)


def causal_pairs(num_queries: int, num_keys: int) -> int:
    """Return how many pairs a causal mask lets through, the last query at the last key."""
    _check_sizes(num_queries=num_queries, num_keys=num_keys)
    rows = min(num_queries, num_keys)  # queries that stand before the first key see nothing
    return rows * (2 * num_keys - rows + 1) // 2


def naive_traffic(num_queries: int, num_keys: int, d_head: int, number_bytes: int = 4) -> int:
    """Return the bytes that one head moves if scores and weights go to memory and back.

    Dao et al. (2022), algorithm 0: each of four tables of scores or weights is written or
    read once, besides the inputs and the output.

    Args:
        num_queries: Number of queries.
        num_keys: Number of keys.
        d_head: Width of queries, keys and values.
        number_bytes: Size of a number; 4 for float32.
    """
    narrow = 2 * (num_queries + num_keys) * d_head
    return number_bytes * (narrow + 4 * num_queries * num_keys)


def tiled_traffic(
    num_queries: int, num_keys: int, d_head: int, block_size: int, number_bytes: int = 4
) -> int:
    """Return the bytes that one head moves if scores never leave the fast memory.

    Queries and output move once; keys and values once for each block of queries, so that the
    n² is divided by the block. Dao (2024) runs the loops in this order; those
    of Dao et al. (2022), algorithm 1, are the other way around.

    Args:
        num_queries: Number of queries.
        num_keys: Number of keys.
        d_head: Width of queries, keys and values.
        block_size: Number of queries in a block.
        number_bytes: Size of a number; 4 for float32.

    Raises:
        ValueError: If block_size is less than 1.
    """
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, got block_size={block_size}")
    rounds = -(-num_queries // block_size)
    return number_bytes * d_head * (2 * num_queries + rounds * 2 * num_keys)


def naive_saved_bytes(num_queries: int, num_keys: int, d_head: int, number_bytes: int = 4) -> int:
    """Return what one head of plain attention keeps for the way back: Q, K, V and the weights."""
    return number_bytes * (d_head * (num_queries + 2 * num_keys) + num_queries * num_keys)


def tiled_saved_bytes(num_queries: int, num_keys: int, d_head: int, number_bytes: int = 4) -> int:
    """Return what one head of tiled attention keeps: Q, K, V, the output, two a query."""
    return number_bytes * (2 * d_head * (num_queries + num_keys) + 2 * num_queries)


def cache_bytes(
    num_positions: int,
    num_layers: int,
    num_kv_heads: int,
    d_head: int,
    *,
    batch_size: int = 1,
    number_bytes: int = 4,
) -> int:
    """Return the size of the cache of keys and values of a whole decoder.

    Shazeer (2019), section 3, and Ainslie et al. (2023), section 2.2, make it smaller by
    having fewer heads of keys and values.

    Args:
        num_positions: Number of positions so far.
        num_layers: Number of blocks that have a cache.
        num_kv_heads: Number of heads of keys and values.
        d_head: Width of a head.
        batch_size: Number of sequences.
        number_bytes: Size of a number; 2 for float16.
    """
    _check_sizes(
        num_positions=num_positions, num_layers=num_layers, num_kv_heads=num_kv_heads, d_head=d_head
    )
    return 2 * number_bytes * batch_size * num_layers * num_kv_heads * num_positions * d_head


def _check_sizes(**sizes: int) -> None:
    if min(sizes.values()) < 0:
        named = ", ".join(f"{name}={size}" for name, size in sizes.items())
        raise ValueError(f"a size must not be negative, got {named}")
