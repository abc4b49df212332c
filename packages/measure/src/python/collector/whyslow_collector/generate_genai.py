"""The package onnxruntime-genai, as its users call it: a `Generator` that is given a prompt and asked for one token after the other. The capacity of its cache is
`max_length`, prompt and new tokens together, and all of it is allocated: the model's own length may be more than memory holds."""

import json
import os

from .clock import MS, now_ns
from .generators import Clock, ends_with, float_logits, installed


class GenaiGenerator:
    def __init__(self, asked):
        import numpy
        import onnxruntime_genai as og

        self.og, self.numpy, self.folder = og, numpy, asked["source"]
        with open(os.path.join(self.folder, "genai_config.json"), encoding="utf-8") as file:
            self.config = json.load(file)["model"]
        if asked.get("threads") is None:
            self.model = og.Model(self.folder)
        else:
            config = og.Config(self.folder)
            options = {"intra_op_num_threads": asked["threads"]}
            config.overlay(json.dumps({"model": {"decoder": {"session_options": options}}}))
            self.model = og.Model(config)
        try:
            self.tokenizer = og.Tokenizer(self.model)
        except Exception:
            # Token ids work without it.
            self.tokenizer = None

    def facts(self):
        ends = self.config.get("eos_token_id")
        return {
            "vocabulary": self.config.get("vocab_size"),
            "context": self.config.get("context_length"),
            "endIds": [] if ends is None else ends if isinstance(ends, list) else [ends],
            "versions": installed("onnxruntime-genai", "onnxruntime"),
        }

    def generate(self, asked):
        clock, tokens = Clock(), []
        prompt = asked["prompt"]
        if isinstance(prompt, str):
            if self.tokenizer is None:
                raise ValueError("the folder has no tokenizer; give token ids, or add tokenizer.json")
            prompt = clock.timed("tokenizeMs", lambda: self.tokenizer.encode(prompt))
        stream = None if self.tokenizer is None else self.tokenizer.create_stream()
        longest = len(prompt) + asked["newTokens"]
        shortest = longest if asked["ignoreEnd"] else 0
        # The cache is allocated here, for all of its capacity.
        generator = clock.timed("feedsMs", lambda: self._generator(longest, asked["sampling"], shortest))
        clock.timed("prefillRunMs", lambda: generator.append_tokens(self._ids(prompt)))
        text, ended = "", None
        while ended is None:
            clock.timed("decodeRunMs", generator.generate_next_token)
            one = int(generator.get_next_tokens()[0])
            piece = None if stream is None else clock.timed("detokenizeMs", lambda: stream.decode(one))
            tokens.append({"id": one, "text": piece, "atMs": clock.ms()})
            text += piece or ""
            if asked["stop"] and ends_with(text, asked["stop"]):
                ended = "stop"
            elif len(tokens) >= asked["newTokens"]:
                ended = "length"
            elif generator.is_done():
                ended = "end"
        return {"tokens": tokens, "promptTokens": len(prompt), "ended": ended, "totalMs": clock.ms(), "parts": clock.parts}

    def start(self, longest):
        return _Sequence(self, longest or self.config.get("context_length") or 2048)

    def _ids(self, ids):
        return self.numpy.array(ids, dtype=self.numpy.int32)

    def _generator(self, longest, sampling, shortest=0):
        params = self.og.GeneratorParams(self.model)
        greedy = sampling["kind"] == "greedy"
        options = {"max_length": longest, "min_length": shortest, "do_sample": not greedy}
        if not greedy:
            options.update(temperature=sampling["temperature"], random_seed=sampling["seed"])
            options.update({} if sampling["topK"] is None else {"top_k": sampling["topK"]})
            options.update({} if sampling["topP"] is None else {"top_p": sampling["topP"]})
        params.set_search_options(**options)
        return self.og.Generator(self.model, params)


class _Sequence:
    def __init__(self, model, longest):
        self.model = model
        self.generator = model._generator(longest, {"kind": "greedy"})

    def feed(self, ids, logits):
        if logits == "all" and len(ids) > 1:
            raise ValueError("onnxruntime-genai gives the logits of the last position only")
        start = now_ns()
        given = self.model._ids(ids)
        ran = now_ns()
        self.generator.append_tokens(given)
        done = now_ns()
        positions, data = (0, b"") if logits == "none" else float_logits(self.generator.get_logits(), 1)
        end = now_ns()
        return {"positions": positions, "runMs": (done - ran) / MS, "feedsMs": (ran - start + end - done) / MS}, [data]

    def cut(self, length):
        self.generator.rewind_to(length)
