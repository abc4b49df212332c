"""Times of onnxruntime-genai on a folder, as JSON: its own loop, greedy, a fixed number of tokens. For each call the time to the first token, the cache
and the prompt included, and the mean of the tokens after it.
    python genai_loop.py FOLDER THREADS PROMPT TOKENS CALLS"""

import json
import sys
import time

import numpy
import onnxruntime_genai as og

folder, threads, prompt, tokens, calls = sys.argv[1], *map(int, sys.argv[2:6])
config = og.Config(folder)
config.overlay(json.dumps({"model": {"decoder": {"session_options": {"intra_op_num_threads": threads}}}}))
model = og.Model(config)
first, each = [], []
for call in range(calls):
    # Never the same beginning.
    ids = numpy.array([1 + (call * 977 + k * 37) % 1000 for k in range(prompt)], dtype=numpy.int32)
    start = time.perf_counter()
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=prompt + tokens, min_length=prompt + tokens, do_sample=False)
    generator = og.Generator(model, params)
    generator.append_tokens(ids)
    generator.generate_next_token()
    came = time.perf_counter()
    for _ in range(tokens - 1):
        generator.generate_next_token()
    end = time.perf_counter()
    first.append(1000 * (came - start))
    each.append(1000 * (end - came) / (tokens - 1))
    del generator
print(json.dumps({"firstMs": first, "tokenMs": each}))
