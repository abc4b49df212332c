# planted: retracing
# needs: tensorflow numpy
import numpy as np
import tensorflow as tf

weights = tf.constant(np.ones((64, 64), np.float32))


def samples():
    return [np.ones((4, 64), np.float32)]


def predict(x):
    step = tf.function(lambda value: tf.nn.relu(value @ weights))  # here
    return step(x).numpy()
