"""Write a language model of 40,000 random weights as GGUF: it babbles, the same at each start.

python tiny_gguf.py FILE
"""

import sys

import numpy as np
from gguf import GGUFWriter, TokenType

WIDTH, LAYERS, HEADS, HIDDEN, CONTEXT = 32, 2, 4, 64, 256
PIECES = [bytes([byte]).decode("latin-1") for byte in range(0x20, 0x7F)]


def vocabulary():
    """Return tokens, scores and types of a SentencePiece vocabulary: letters and bytes."""
    tokens = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)]
    tokens += [("\u2581" if piece == " " else piece, TokenType.NORMAL) for piece in PIECES]
    return [t for t, _ in tokens], [0.0] * len(tokens), [int(kind) for _, kind in tokens]


def main(path):
    """Write the model."""
    tokens, scores, kinds = vocabulary()
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    add_weights(writer, len(tokens))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_weights(writer, tokens):
    """Draw the weights."""
    rng = np.random.default_rng(20261126)

    def add(name, *shape):
        weights = np.ones(shape) if len(shape) == 1 else rng.normal(0, 0.5, shape)
        if name == "output.weight":
            # It speaks letters alone: bytes would come to no text until their last one has.
            weights[: -len(PIECES)] = 0
        writer.add_tensor(name, weights.astype(np.float32))

    add("token_embd.weight", tokens, WIDTH)
    add("output_norm.weight", WIDTH)
    add("output.weight", tokens, WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        add(f"{block}attn_norm.weight", WIDTH)
        add(f"{block}ffn_norm.weight", WIDTH)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"{block}{part}.weight", WIDTH, WIDTH)
        add(f"{block}ffn_gate.weight", HIDDEN, WIDTH)
        add(f"{block}ffn_up.weight", HIDDEN, WIDTH)
        add(f"{block}ffn_down.weight", WIDTH, HIDDEN)


if __name__ == "__main__":
    main(sys.argv[1])
