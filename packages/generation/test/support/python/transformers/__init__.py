"""Of the shape of transformers: a model that says with which options it was opened, as the versions of a distribution. Nothing is read."""


class logging:
    @staticmethod
    def set_verbosity_error():
        pass


class _Config:
    vocab_size, max_position_embeddings, eos_token_id = 7, 16, 6


class _Model:
    def __init__(self, options):
        self.config = self.generation_config = _Config
        self.dtype = options.get("torch_dtype")

    def eval(self):
        return self


class AutoModelForCausalLM:
    @staticmethod
    def from_pretrained(folder, **options):
        if options.get("use_safetensors") is not True:
            raise RuntimeError("a pickle would be opened")
        if options.get("torch_dtype") == "torch.bfloat16":
            raise RuntimeError("opened as bfloat16")
        return _Model(options)


class AutoTokenizer:
    @staticmethod
    def from_pretrained(folder, **options):
        raise OSError("there is none")
