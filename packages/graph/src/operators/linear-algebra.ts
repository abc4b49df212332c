// Determinants, inverses, distances, the cheapest path through a matrix. https://onnx.ai/onnx/operators/onnx__Det.html ; Inverse, CDist, DynamicTimeWarping:
// onnxruntime docs/ContribOperators.md
import { elementCount } from '../dtype.ts'
import { textAttribute } from './attributes.ts'
import { defineFamily, formula } from './family.ts'
import { tensorBytes } from './work.ts'

// LU: step k divides n - k numbers and updates (n - k)^2, then the diagonal is multiplied.
const det = formula([0], [0], ([x]) => {
  const n = x.shape.at(-1)!
  const matrices = elementCount(x.shape.slice(0, -2))
  return {
    macs: (matrices * (n - 1) * n * (2 * n - 1)) / 6,
    simpleOps: matrices * (n - 1),
    specialOps: (matrices * n * (n - 1)) / 2,
  }
})

// LU and n solves: n^3 MACs
const inverse = formula([0], [0], ([x]) => {
  const n = x.shape.at(-1)!
  const matrices = elementCount(x.shape.slice(0, -2))
  return { macs: matrices * n ** 3, specialOps: (matrices * n * (n + 1)) / 2 }
})

// a [M, D], b [N, D]: |a|^2 + |b|^2 - 2 ab, and a root for the Euclidean distance
const cdist = formula([0, 1], [0], ([a, b], [y], { node }) => ({
  macs: elementCount(y.shape) * a.shape.at(-1)! + elementCount(a.shape) + elementCount(b.shape),
  simpleOps: elementCount(y.shape) * 2,
  specialOps: textAttribute(node, 'metric', 'sqeuclidean') === 'euclidean' ? elementCount(y.shape) : 0,
}))

// costs [M, N] -> path: each place adds its cost to the least of three before it; the table of sums is written and read
const dynamicTimeWarping = formula([0], [], ([x]) => ({
  simpleOps: elementCount(x.shape) * 3,
  passBytes: 2 * tensorBytes(x),
}))

export const linearAlgebraFamily = defineFamily(
  'linear-algebra',
  {},
  {
    Det: det,
    'com.microsoft:Inverse': inverse,
    'com.microsoft:CDist': cdist,
    'com.microsoft:DynamicTimeWarping': dynamicTimeWarping,
  },
)
