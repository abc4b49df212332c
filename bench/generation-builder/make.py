"""Decoders of random weights as onnxruntime-genai's builder exports them, in float32 and int4, and the ids that onnxruntime-genai gives greedily.

    python make.py FOLDER    prints a line of JSON for each: name, prompt, ids, transformers, folder; or name and error
"""
import contextlib
import io
import json
import os
import runpy
import sys

import onnxruntime_genai
import torch
import transformers

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "generation-architectures"))

from make import DECODERS, NEW_TOKENS, PROMPT, VOCABULARY, written  # noqa: E402

NUMBERS = ("fp32", "int4")


def export(source, folder, numbers, cache):
    """As `python -m onnxruntime_genai.models.builder` does."""
    sys.argv = ["builder", "-i", source, "-o", folder, "-p", numbers, "-e", "cpu", "-c", cache]
    with contextlib.redirect_stdout(io.StringIO()):
        runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__")


def ids_of(folder):
    model = onnxruntime_genai.Model(folder)
    params = onnxruntime_genai.GeneratorParams(model)
    length = len(PROMPT) + NEW_TOKENS
    params.set_search_options(max_length=length, min_length=length, do_sample=False)
    generator = onnxruntime_genai.Generator(model, params)
    generator.append_tokens([PROMPT])
    ids = []
    while len(ids) < NEW_TOKENS:
        generator.generate_next_token()
        ids.append(int(generator.get_next_tokens()[0]))
    return ids


def with_known_ends(folder):
    """Defaults of some architectures are ids that this vocabulary does not have."""
    file = os.path.join(folder, "genai_config.json")
    with open(file) as read:
        config = json.load(read)
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        given = config["model"].get(name)
        if max(given if isinstance(given, list) else [given or 0]) >= VOCABULARY:
            config["model"][name] = 0
    with open(file, "w") as write:
        json.dump(config, write)


def main(root):
    for name, (config, given) in DECODERS.items():
        torch.manual_seed(0)
        own = os.path.join(root, name)
        model = written(own, transformers.AutoModelForCausalLM.from_config(getattr(transformers, config + "Config")(**given)))
        prompt = torch.tensor([PROMPT])
        out = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=NEW_TOKENS, do_sample=False, num_beams=1)
        for numbers in NUMBERS:
            folder = os.path.join(root, name + "-" + numbers)
            told = {"name": name + " " + numbers}
            try:
                export(own, folder, numbers, os.path.join(root, "cache"))
                with_known_ends(folder)
                told |= {"prompt": PROMPT, "ids": ids_of(folder), "transformers": out[0].tolist()[-NEW_TOKENS:], "folder": folder}
            except Exception as error:
                told["error"] = f"{type(error).__name__}: {error}".split("\n")[0].replace(root + os.sep, "")
            print(json.dumps(told), flush=True)


main(sys.argv[1])
