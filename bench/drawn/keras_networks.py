"""Small Keras models of one or two layers with settings drawn at random, and rows that they are fed."""
import os
import random

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import keras
import numpy as np
from keras import layers as L

draw, rng = random.Random(), np.random.default_rng()
ACTIVATIONS = ["relu", "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "softplus", "softsign", "hard_sigmoid", "leaky_relu", "relu6", "exponential", "mish", "log_softmax", "softmax", "celu", "hard_tanh", "hard_shrink", "log_sigmoid"]
RECURRENT = (L.LSTM, L.GRU, L.SimpleRNN)


def some(**options):
    """Each of them with a chance of two in five, one of its values."""
    return {name: draw.choice(values) for name, values in options.items() if draw.random() < 0.4}


def image():
    return (draw.choice([7, 8, 11]), draw.choice([6, 9]), draw.choice([3, 4]))


def two(*values):
    return draw.choice([draw.choice(values), (draw.choice(values), draw.choice(values))])


def convolution():
    window = draw.choice([{"strides": 2}, {"dilation_rate": 2}, {}])
    return L.Conv2D(draw.choice([2, 4]), two(1, 2, 3), **window, **some(padding=["same"], use_bias=[False], activation=ACTIVATIONS))


#: (a layer, the shape of its input).
LAYERS = [
    lambda: (convolution(), image()),
    lambda: (L.Conv2DTranspose(2, two(1, 2, 3), **some(padding=["same"], strides=[2, 3], use_bias=[False])), image()),
    lambda: (L.SeparableConv2D(3, 3, **some(padding=["same"], strides=[2], depth_multiplier=[2])), image()),
    lambda: (L.DepthwiseConv2D(3, **some(depth_multiplier=[2], padding=["same"], strides=[2], use_bias=[False])), image()),
    lambda: (L.Conv1D(4, draw.choice([1, 3]), **some(padding=["same", "causal"], dilation_rate=[2], activation=ACTIVATIONS)), (12, 4)),
    lambda: (L.Conv1D(4, 3, groups=draw.choice([2, 4]), **some(strides=[2])), (12, 4)),
    lambda: (L.Conv3D(2, 2, **some(padding=["same"], strides=[2])), (5, 6, 4, 2)),
    lambda: (draw.choice([L.MaxPooling2D, L.AveragePooling2D])(two(2, 3), **some(padding=["same"], strides=[1, 3])), image()),
    lambda: (draw.choice([L.GlobalMaxPooling2D, L.GlobalAveragePooling2D])(**some(keepdims=[True])), image()),
    lambda: (L.Dense(5, **some(activation=ACTIVATIONS, use_bias=[False])), draw.choice([(4,), (3, 4), (2, 3, 4)])),
    lambda: (draw.choice(RECURRENT)(3, **some(return_sequences=[True], go_backwards=[True], activation=["relu", "sigmoid"], use_bias=[False], unroll=[True])), (5, 3)),
    lambda: (L.LSTM(3, **some(recurrent_activation=["hard_sigmoid", "tanh"], unit_forget_bias=[False])), (5, 3)),
    lambda: (L.GRU(3, **some(reset_after=[False], recurrent_activation=["hard_sigmoid"])), (5, 3)),
    lambda: (L.Bidirectional(draw.choice(RECURRENT)(3, **some(return_sequences=[True])), **some(merge_mode=["sum", "mul", "ave"])), (5, 3)),
    lambda: (L.RNN(draw.choice([[L.LSTMCell(3), L.GRUCell(2)], L.SimpleRNNCell(3)]), **some(return_sequences=[True])), (5, 3)),
    lambda: (L.ConvLSTM2D(2, 2, **some(return_sequences=[True], padding=["same"])), (3, 5, 5, 2)),
    lambda: (L.TimeDistributed(draw.choice([L.Dense(3), L.Conv2D(2, 2)])), (3, 5, 5, 2)),
    lambda: (L.BatchNormalization(**some(axis=[1, 2], center=[False], scale=[False], epsilon=[0.1])), (4, 5)),
    lambda: (L.LayerNormalization(**some(axis=[[1, 2], 1], center=[False], scale=[False], epsilon=[0.1])), (4, 5)),
    lambda: (L.GroupNormalization(groups=draw.choice([1, 2, 4, -1]), **some(center=[False])), (5, 6, 4)),
    lambda: (L.UnitNormalization(**some(axis=[1])), (4, 5)),
    lambda: (L.PReLU(**some(shared_axes=[[1], [1, 2]])), (4, 5, 3)),
    lambda: (L.ReLU(**some(max_value=[1.0], negative_slope=[0.2], threshold=[0.3])), (5,)),
    lambda: (L.Activation(draw.choice(ACTIVATIONS)), (4, 6)),
    lambda: (L.UpSampling2D(two(2, 3), **some(interpolation=["bilinear", "bicubic", "lanczos3"])), image()),
    lambda: (L.ZeroPadding2D(draw.choice([1, (1, 2), ((1, 2), (0, 3))])), image()),
    lambda: (L.Cropping2D(draw.choice([1, ((1, 0), (2, 1))])), image()),
    lambda: (L.Permute(draw.choice([(2, 1, 3), (3, 1, 2)])), (2, 3, 4)),
    lambda: (L.Resizing(draw.choice([4, 13]), 5, **some(interpolation=["bilinear", "nearest", "bicubic"], crop_to_aspect_ratio=[True])), image()),
    lambda: (L.Normalization(axis=draw.choice([-1, None]), mean=0.5, variance=2.0, **some(invert=[True])), (3, 4)),
    lambda: (L.Discretization([-0.5, 0.0, 0.7], output_mode=draw.choice(["int", "one_hot", "multi_hot"])), (4,)),
    lambda: (L.SpatialDropout2D(0.3), image()),
]
BEHIND = [
    lambda x: L.Concatenate(axis=draw.choice([-1, 1]))([x, x]),
    lambda x: L.Subtract()([x, keras.ops.relu(x)]),
    lambda x: L.BatchNormalization()(x),
    lambda x: L.Dense(2)(x),
    lambda x: L.MultiHeadAttention(2, 3, **some(value_dim=[2], use_bias=[False]))(x, x) if len(x.shape) == 3 else x,
    lambda x: L.Dot(axes=1, normalize=draw.choice([True, False]))([x, x]) if len(x.shape) == 3 else x,
]


def seeded(seed):
    global rng
    draw.seed(seed)
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)


def network():
    """A model, two rows, what the model predicts of them, and what it is."""
    layer, shape = draw.choice(LAYERS)()
    x = keras.Input(shape)
    is_masked = isinstance(layer, (*RECURRENT, L.Bidirectional)) and draw.random() < 0.35
    y = layer(L.Masking(0.0)(x) if is_masked else x)
    model = keras.Model(x, draw.choice(BEHIND)(y) if draw.random() < 0.5 else y)
    for weight in model.weights:
        if weight.dtype == "float32" and "seed" not in weight.path:
            values = rng.normal(size=weight.shape) * 0.5
            weight.assign(np.abs(values) + 0.2 if "variance" in weight.path else values + 0.8 if "gamma" in weight.path else values)
    rows = rng.normal(size=(2, *shape)).astype(np.float32)
    if is_masked:
        rows[0, -2:] = rows[1, 1] = 0
    outputs = model.predict(rows, verbose=0)
    if not np.isfinite(outputs).all():
        raise ValueError("not finite")
    told = {name: value for name, value in layer.get_config().items() if "initializer" not in name and "constraint" not in name}
    return model, rows, outputs, "%s %s" % ([type(one).__name__ for one in model.layers], told)
