// A TFLite graph in fewer bits, as TensorFlow's converter writes them: dynamic range, full integer, float16.
export { dynamicRange, largeConstants } from './dynamic.ts'
export { halfFloats } from './half.ts'
export { liteBytesOf } from './marked.ts'
export { quantizedOf } from './numbers.ts'
export { fullInteger, type Ranges } from './static.ts'
