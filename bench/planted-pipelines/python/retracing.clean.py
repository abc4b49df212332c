# clean: retracing
# needs: tensorflow numpy
import numpy as np
import tensorflow as tf

weights = tf.constant(np.ones((64, 64), np.float32))
step = tf.function(lambda value: tf.nn.relu(value @ weights))


def samples():
    return [np.ones((4, 64), np.float32)]


def predict(x):
    return step(x).numpy()
