// Operators that make a tensor from a few numbers: fills, ranges, windows, random numbers.
// https://onnx.ai/onnx/operators/onnx__Range.html and its neighbours
import { elementCount } from '../dtype.ts'
import { defineFamily, type Formula, formula, sameFor } from './family.ts'

const generate = (simple: number, special: number, note?: string): Formula =>
  formula([], [0], (_, [y]) => {
    const elements = elementCount(y.shape)
    return {
      simpleOps: elements * simple,
      specialOps: elements * special,
      arithmetic: y.dtype,
      ...(note === undefined ? {} : { note }),
    }
  })

const RANDOM = 'random numbers by a usual method; the engine may use another'

// The shape of x is taken, not its numbers.
const likeInput = (simple: number, special: number, note?: string): Formula =>
  formula([], [0], (_, [y]) => ({
    simpleOps: elementCount(y.shape) * simple,
    specialOps: elementCount(y.shape) * special,
    readBytes: { 0: 0 },
    arithmetic: y.dtype,
    ...(note === undefined ? {} : { note }),
  }))

// logits [B, classes] -> [B, samples]: exp and running sum of all classes, then one search per sample
const multinomial: Formula = formula([0], [0], ([x], [y]) => ({
  simpleOps: elementCount(x.shape) * 3 + elementCount(y.shape) * Math.ceil(Math.log2(Math.max(2, x.shape.at(-1)!))),
  specialOps: elementCount(x.shape),
  note: RANDOM,
}))

export const generateFamily = defineFamily(
  'generate',
  {},
  {
    ConstantOfShape: generate(0, 0),
    ...sameFor(['Range', 'com.microsoft:Range'], generate(1, 0)),
    EyeLike: likeInput(0, 0),
    // a - b * cos(c * i); Blackman has a second cosine
    ...sameFor(['HannWindow', 'HammingWindow'], generate(3, 1)),
    BlackmanWindow: generate(5, 2),
    // scale and shift; a normal number takes a logarithm, a root and a cosine for each two (Box-Muller)
    RandomUniform: generate(2, 0, RANDOM),
    RandomUniformLike: likeInput(2, 0, RANDOM),
    RandomNormal: generate(2, 2, RANDOM),
    RandomNormalLike: likeInput(2, 2, RANDOM),
    Bernoulli: generate(2, 0, RANDOM),
    Multinomial: multinomial,
    // two slopes per triangle: subtract, multiply, minimum, maximum
    MelWeightMatrix: generate(4, 0),
  },
)
