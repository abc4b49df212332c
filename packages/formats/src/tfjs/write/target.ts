// What of the channels-last graph TensorFlow.js computes: it holds all whole numbers in 32 bits, and has no half floats.
import type { Target } from '../../tflite/write/index.ts'

export const TFJS: Target = { name: 'TensorFlow.js', computes: () => true }
