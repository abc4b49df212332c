"""Of the shape of PyTorch: names of its types alone."""

float32, float16, bfloat16 = "torch.float32", "torch.float16", "torch.bfloat16"


def set_num_threads(_):
    pass


def get_num_threads():
    return 1
