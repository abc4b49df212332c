"""The package transformers with PyTorch, as its users call it: `model.generate` with a streamer. Files of this machine only."""

import os

from .clock import MS, now_ns
from .errors import Contract
from .generators import Clock, float_logits, installed


class TransformersGenerator:
    def __init__(self, asked):
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        import torch
        import transformers

        if asked.get("threads") is not None:
            torch.set_num_threads(asked["threads"])
        transformers.logging.set_verbosity_error()
        folder, local = asked["source"], {"local_files_only": True, "trust_remote_code": False}
        if not any(name.endswith(".safetensors") for name in os.listdir(folder)):
            raise Contract("it has no weights as .safetensors, and a pickle is never opened: save it with save_pretrained, which writes them")
        dtype = {} if asked.get("dtype") is None else {"torch_dtype": getattr(torch, asked["dtype"])}
        self.torch = torch
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, **local, **dtype).eval()
        try:
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **local)
        except Exception:
            # Token ids work without it.
            self.tokenizer = None

    def facts(self):
        config, ends = self.model.config, self.model.generation_config.eos_token_id
        return {
            "vocabulary": getattr(config, "vocab_size", None),
            "context": getattr(config, "max_position_embeddings", None),
            "endIds": [] if ends is None else list(ends) if isinstance(ends, (list, tuple)) else [ends],
            "versions": installed("transformers", "torch", "tokenizers"),
            "threads": self.torch.get_num_threads(),
            "dtype": str(self.model.dtype).replace("torch.", ""),
        }

    def generate(self, asked):
        torch, clock, times = self.torch, Clock(), []
        prompt = asked["prompt"]
        if isinstance(prompt, str):
            if self.tokenizer is None:
                raise ValueError("the folder has no tokenizer; give token ids, or add tokenizer.json")
            ids = clock.timed("tokenizeMs", lambda: self.tokenizer(prompt, return_tensors="pt").input_ids)
        else:
            ids = torch.tensor([prompt], dtype=torch.long)
        streamer = _Streamer(clock, times)
        options = {"max_new_tokens": asked["newTokens"], "streamer": streamer, "use_cache": True, **_sampling(asked["sampling"], torch)}
        if asked.get("plain"):
            # In place of what generation_config.json may say.
            options.update(repetition_penalty=1.0, no_repeat_ngram_size=0)
        if asked["stop"]:
            options.update(stop_strings=list(asked["stop"]), tokenizer=self.tokenizer)
        config = self.model.generation_config
        ends = config.eos_token_id
        hooks = _timed_forward(self.model, clock)
        try:
            if asked["ignoreEnd"]:
                config.eos_token_id = None
            with torch.inference_mode():
                self.model.generate(ids, attention_mask=torch.ones_like(ids), **options)
            total = clock.ms()
        finally:
            config.eos_token_id = ends
            for hook in hooks:
                hook.remove()
        last, stops = times[-1]["id"] if times else None, self.facts()["endIds"]
        ended = "end" if last in stops and not asked["ignoreEnd"] else "length" if len(times) >= asked["newTokens"] else "stop"
        return {"tokens": times, "promptTokens": int(ids.shape[1]), "ended": ended, "totalMs": total, "parts": clock.parts}

    def start(self, _longest):
        return _Sequence(self.torch, self.model)


class _Streamer:
    """Takes ids as `generate` gives them: the prompt first. Reading one waits for it, as every streamer does."""

    def __init__(self, clock, times):
        self.clock, self.times, self.is_prompt = clock, times, True

    def put(self, value):
        if self.is_prompt:
            self.is_prompt = False
            return
        for one in value.reshape(-1).tolist():
            self.times.append({"id": one, "atMs": self.clock.ms()})

    def end(self):
        pass


def _timed_forward(model, clock):
    """The first call of the model is that of the prompt."""
    state = {"first": True, "start": 0}

    def before(*_):
        state["start"] = now_ns()

    def after(*_):
        part = "prefillRunMs" if state["first"] else "decodeRunMs"
        state["first"] = False
        clock.parts[part] = clock.parts.get(part, 0.0) + (now_ns() - state["start"]) / MS

    return [model.register_forward_pre_hook(before), model.register_forward_hook(after)]


def _sampling(sampling, torch):
    if sampling["kind"] == "greedy":
        return {"do_sample": False, "num_beams": 1, "temperature": None, "top_p": None, "top_k": None}
    torch.manual_seed(sampling["seed"])
    limits = {"top_k": sampling["topK"] or 0, "top_p": 1.0 if sampling["topP"] is None else sampling["topP"]}
    return {"do_sample": True, "temperature": sampling["temperature"], **limits}


class _Sequence:
    def __init__(self, torch, model):
        from transformers import DynamicCache

        self.torch, self.model, self.cache, self.length = torch, model, DynamicCache(), 0

    def feed(self, ids, logits):
        torch, start = self.torch, now_ns()
        given = torch.tensor([ids], dtype=torch.long)
        mask = torch.ones((1, self.length + len(ids)), dtype=torch.long)
        keep = {"all": 0, "last": 1, "none": 1}[logits]
        ran = now_ns()
        with torch.inference_mode():
            out = self.model(given, attention_mask=mask, past_key_values=self.cache, use_cache=True, logits_to_keep=keep)
        done = now_ns()
        self.cache, self.length = out.past_key_values, self.length + len(ids)
        positions, data = (0, b"") if logits == "none" else float_logits(out.logits[0].float().numpy(), len(ids) if logits == "all" else 1)
        end = now_ns()
        return {"positions": positions, "runMs": (done - ran) / MS, "feedsMs": (ran - start + end - done) / MS}, [data]

    def cut(self, length):
        self.cache.crop(length)
        self.length = length
