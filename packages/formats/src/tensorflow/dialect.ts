// Whose meaning names and defaults have: the same word means different things to versions of Keras.

/** hard_sigmoid has slope 0.2 but in Keras 3; TensorFlow.js follows Keras 2. */
export type Dialect = 'keras-1' | 'keras-2' | 'keras-3' | 'tfjs'
