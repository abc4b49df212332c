"""Decoders and encoder-decoders of random weights, of 38 architectures that Optimum exports: ids that Transformers gives greedily, and the export.

    python make.py FOLDER    prints a line of JSON for each: name, kind, prompt, ids, folder; or name and error
"""
import json
import os
import sys

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

VOCABULARY = 1024
PROMPT = [776, 506, 295, 265, 762, 369, 79, 271]
#: More tokens than the windows below hold.
NEW_TOKENS = 48
WINDOW = 32

names = dict(vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=0, pad_token_id=0)
usual = dict(names, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=128, max_position_embeddings=512)
groups = dict(usual, num_key_value_heads=2)
older = dict(names, n_embd=64, n_layer=3, n_head=4, n_positions=512)
cohere = dict(names, hidden_size=64, num_hidden_layers=3, num_attention_heads=4)
gemma = dict(groups, head_dim=16, query_pre_attn_scalar=16, sliding_window=WINDOW)
rope = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=128)
DECODERS = {
    "arcee": ("Arcee", groups),
    "bloom": ("Bloom", dict(names, hidden_size=64, n_layer=3, n_head=4)),
    "codegen": ("CodeGen", dict(older, rotary_dim=8)),
    "cohere": ("Cohere", groups),
    "falcon": ("Falcon", dict(cohere, multi_query=True, parallel_attn=True, new_decoder_architecture=False, bias=False)),
    "gemma": ("Gemma", dict(usual, num_key_value_heads=1, head_dim=16)),
    "gemma2": ("Gemma2", dict(gemma, attn_logit_softcapping=5.0, final_logit_softcapping=10.0)),
    "gemma3": ("Gemma3Text", dict(gemma, num_hidden_layers=6)),
    "glm": ("Glm", dict(groups, head_dim=16)),
    "gpt2": ("GPT2", older),
    "gpt_bigcode": ("GPTBigCode", dict(older, multi_query=True)),
    "gpt_neo": (
        "GPTNeo",
        dict(names, hidden_size=64, num_layers=4, num_heads=4, attention_types=[[["global", "local"], 2]], window_size=WINDOW),
    ),
    "gpt_neox": ("GPTNeoX", dict(usual, rotary_pct=0.25)),
    "gptj": ("GPTJ", dict(older, rotary_dim=8)),
    "granite": (
        "Granite",
        dict(groups, embedding_multiplier=6.0, logits_scaling=4.0, residual_multiplier=0.3, attention_multiplier=0.1),
    ),
    "helium": ("Helium", dict(groups, head_dim=16)),
    "llama": ("Llama", dict(groups, rope_scaling=rope)),
    "mistral": ("Mistral", dict(groups, sliding_window=WINDOW)),
    "mpt": ("Mpt", dict(vocab_size=VOCABULARY, d_model=64, n_heads=4, n_layers=3, max_seq_len=512)),
    "nemotron": ("Nemotron", dict(groups, head_dim=16)),
    "olmo": ("Olmo", usual),
    "olmo2": ("Olmo2", groups),
    "opt": ("OPT", dict(names, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, ffn_dim=128, word_embed_proj_dim=64)),
    "phi": ("Phi", usual),
    "phi3": ("Phi3", groups),
    "qwen2": ("Qwen2", groups),
    "qwen3": ("Qwen3", dict(groups, head_dim=32)),
    "qwen3_moe": ("Qwen3Moe", dict(groups, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=64, head_dim=16)),
    "smollm3": ("SmolLM3", dict(groups, num_hidden_layers=4)),
    "stablelm": ("StableLm", dict(usual, num_key_value_heads=4)),
}
pair = dict(names, decoder_start_token_id=0, forced_eos_token_id=None, d_model=64, max_position_embeddings=256)
for side in ("encoder", "decoder"):
    pair.update({f"{side}_layers": 2, f"{side}_attention_heads": 4, f"{side}_ffn_dim": 128})
t5 = dict(vocab_size=VOCABULARY, eos_token_id=0, pad_token_id=0, decoder_start_token_id=0, d_model=64, d_kv=16, d_ff=128)
t5.update(num_layers=2, num_heads=4)
PAIRS = {
    "bart": ("Bart", "BartForConditionalGeneration", pair),
    "blenderbot": ("BlenderbotSmall", "BlenderbotSmallForConditionalGeneration", pair),
    "m2m_100": ("M2M100", "M2M100ForConditionalGeneration", pair),
    "marian": ("Marian", "MarianMTModel", pair),
    "mbart": ("MBart", "MBartForConditionalGeneration", pair),
    "pegasus": ("Pegasus", "PegasusForConditionalGeneration", pair),
    "t5": ("T5", "T5ForConditionalGeneration", t5),
    "t5_gated": ("T5", "T5ForConditionalGeneration", dict(t5, feed_forward_proj="gated-gelu", tie_word_embeddings=False)),
}


def written(folder, model):
    """Saves the model, and opens it again: tables of positions are not what the file says, but made anew."""
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.mul_(4)
    for name in ("eos_token_id", "forced_eos_token_id", "forced_bos_token_id"):
        setattr(model.generation_config, name, None)
    model.save_pretrained(folder)
    letters = pre_tokenizers.ByteLevel.alphabet()
    texts = [*letters, *(f"token {k}" for k in range(VOCABULARY - len(letters)))]
    tokenizer = Tokenizer(models.BPE(vocab={text: k for k, text in enumerate(texts)}, merges=[]))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    return type(model).from_pretrained(folder).eval()


def main(root):
    from optimum.exporters.onnx import main_export

    classes = {name: (config, "AutoModelForCausalLM", given) for name, (config, given) in DECODERS.items()} | PAIRS
    for name, (config, kind, given) in classes.items():
        told = {"name": name, "kind": "encoder-decoder" if name in PAIRS else "decoder"}
        try:
            torch.manual_seed(0)
            settings = getattr(transformers, f"{config}Config")(**given)
            made = getattr(transformers, kind)
            model = written(os.path.join(root, name), made.from_config(settings) if hasattr(made, "from_config") else made(settings))
            ids = torch.tensor([PROMPT])
            out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False, num_beams=1)
            task = "text2text-generation-with-past" if name in PAIRS else "text-generation-with-past"
            folder = os.path.join(root, f"{name}-onnx")
            main_export(os.path.join(root, name), folder, task=task, no_post_process=name not in PAIRS)
            told |= {"prompt": PROMPT, "ids": out[0].tolist()[-NEW_TOKENS:], "folder": folder}
        except Exception as error:
            told["error"] = f"{type(error).__name__}: {error}".split("\n")[0]
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
