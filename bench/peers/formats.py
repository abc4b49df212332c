"""A Keras CNN and a Keras LSTM in the forms that bench/formats.mjs compares: NAME.h5, NAME/model.json (TensorFlow.js layers model),
and NAME.tf2onnx.onnx where tf2onnx can read it. Needs tensorflow-cpu, tf-keras and, for the last, tf2onnx.

python bench/peers/formats.py FOLDER
"""
import json
import os
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy
import tensorflow
import tf_keras as keras

layers = keras.layers


def cnn():
    """Blocks of MobileNet: pictures of 96 x 96."""
    x = inputs = keras.Input((96, 96, 3), name="picture")
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x)))
    for width, stride in [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1)]:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x) if stride == 2 else x
        x = layers.DepthwiseConv2D(3, strides=stride, padding="valid" if stride == 2 else "same", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(width, 1, use_bias=False)(x)))
    x = layers.Dense(10, activation="softmax")(layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x)))
    model = keras.Model(inputs, x)
    # Statistics of its own signals: with the initial ones they die out from block to block, and any outputs would agree.
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.5
    for _ in range(12):
        model(numpy.random.default_rng(1).uniform(0, 255, (4, 96, 96, 3)).astype("float32"), training=True)
    return model


def lstm():
    """Two layers over 100 steps."""
    return keras.Sequential(
        [
            keras.Input((100, 32), name="steps"),
            layers.LSTM(64, return_sequences=True),
            layers.LSTM(64),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def write_tfjs(model, folder):
    """As tensorflowjs_converter writes layers models: the topology, and one shard of float32 weights."""
    os.makedirs(folder, exist_ok=True)
    specs, shard = [], b""
    for weight in model.weights:
        values = weight.numpy().astype(numpy.float32)
        specs.append({"name": weight.name.removesuffix(":0"), "shape": list(values.shape), "dtype": "float32"})
        shard += values.tobytes()
    topology = {"keras_version": keras.__version__, "backend": "tensorflow", "model_config": json.loads(model.to_json())}
    manifest = [{"paths": ["group1-shard1of1.bin"], "weights": specs}]
    with open(os.path.join(folder, "group1-shard1of1.bin"), "wb") as out:
        out.write(shard)
    with open(os.path.join(folder, "model.json"), "w") as out:
        json.dump({"format": "layers-model", "modelTopology": topology, "weightsManifest": manifest}, out)


def write_tf2onnx(model, file):
    try:
        import tf2onnx

        signature = [tensorflow.TensorSpec((None, *model.input_shape[1:]), tensorflow.float32, name=model.input_names[0])]
        tf2onnx.convert.from_keras(model, input_signature=signature, opset=17, output_path=file)
    except Exception as error:  # said, and left out of the table
        print(f"tf2onnx: {os.path.basename(file)} left out: {type(error).__name__}: {error}", file=sys.stderr)


folder = sys.argv[1]
keras.utils.set_random_seed(1)
for name, make in {"cnn": cnn, "lstm": lstm}.items():
    model = make()
    model.save(os.path.join(folder, f"{name}.h5"))
    write_tfjs(model, os.path.join(folder, name))
    write_tf2onnx(model, os.path.join(folder, f"{name}.tf2onnx.onnx"))
    print(f"{name}: {model.count_params()} parameters")
