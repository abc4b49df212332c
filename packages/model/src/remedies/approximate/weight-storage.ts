// Weights in 8 bits in the file alone: each becomes an int8 tensor, a scale per row or column, and Cast and Mul behind it, which the
// engine computes once when it loads the model (constant folding, from level basic on). Predictions take as long as before; the file is
// a quarter. DequantizeLinear would do the same in one operator, but onnxruntime does not fold it (1.30): it would run at each prediction.

import { floatTensor, node, rawTensor } from '@whyslow/graph/build.ts'
import { constantsIn } from '@whyslow/graph/constants.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import type { Matching, Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { bytes } from '@whyslow/measure/statistics/numbers.ts'
import type { NodeProto } from 'onnx-buf'
import { readFloats } from '../../quantize/write/rewriting.ts'
import { type FloatWeights, type QuantizedWeights, quantizeWeights, weightSqnrDb } from '../../quantize/write/weights.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

/** Smaller ones (biases, norms) weigh little and matter much. */
const LEAST_ELEMENTS = 1024

export const weightStorage = defineRemedy(
  rewritingRemedy({
    id: 'weight-storage',
    title: 'Weights are stored in 8 bits and turned into floats at load',
    treats: ['cold-start'],
    effect: 'approximate',
    goals: ['size'],
    find: (matching, fresh, { goal }) =>
      goal === 'size' ? constantsIn(matching.graph).flatMap((constant) => stored(matching, constant.name, fresh) ?? []) : [],
    changes({ replaced }) {
      const before = replaced.reduce((sum, { floats }) => sum + 4 * floats, 0)
      return `${count(replaced.length, 'weight')} of ${bytes(before)} stored in 8 bits, in ${bytes(before / 4)}`
    },
    saving: () => null,
    took: (executed, { replaced }) => !holds(executed, new Set(replaced.map(({ codes }) => codes))),
  }),
)

interface Stored extends Replacement {
  /** The name of the 8-bit constant. */
  readonly codes: string
  readonly floats: number
}

function stored(matching: Matching, name: string, fresh: (hint: string) => string): Stored | undefined {
  const constant = matching.constant(name)
  if (constant?.dtype !== 'float32' || constant.elementCount < LEAST_ELEMENTS) return undefined
  if (matching.isOutput(name) || matching.readers(name).length === 0) return undefined
  const best = finest({ values: readFloats(matching, constant), shape: constant.shape })
  if (best === undefined) return undefined
  const { values, shape, scales, axis } = best
  const [codes, scale, cast, real] = ['quantized', 'scale', 'cast', 'real'].map((what) => fresh(`${name}_${what}`)) as [
    string,
    string,
    string,
    string,
  ]
  const scaleShape = shape.map((size, at) => (at === axis ? size : 1))
  const producer = matching.producer(name)
  const add: NodeProto[] = [
    node({ opType: 'Cast', name: cast }, [codes], [cast], { to: dataTypeOf('float32') }),
    node({ opType: 'Mul', name: real }, [cast, scale], [real]),
  ]
  return {
    ...{ codes, floats: constant.elementCount, parts: [], add },
    ...(producer ? { remove: new Set([producer]) } : {}),
    addInitializers: [
      rawTensor(codes, 'int8', shape, new Uint8Array(values.buffer)),
      floatTensor(scale, axis === null ? [] : scaleShape, scales),
    ],
    read: new Map([[name, real]]),
  }
}

/** Scales along the first or the last axis, whichever loses less; undefined if the weights are not finite. */
function finest(weights: FloatWeights): QuantizedWeights | undefined {
  const rank = weights.shape.length
  const axes = rank < 2 ? [null] : rank === 2 ? [0, 1] : [0]
  const tried = axes.flatMap((axis) => quantizeWeights(weights, { type: 'int8', symmetric: true, reduced: false, axis }) ?? [])
  const rated = tried.map((quantized) => ({ quantized, db: weightSqnrDb(weights, quantized) }))
  return rated.reduce<(typeof rated)[number] | undefined>((a, b) => (a === undefined || b.db > a.db ? b : a), undefined)
    ?.quantized
}

function holds({ constants, nodes }: GraphView, names: ReadonlySet<string>): boolean {
  if (Object.keys(constants).some((name) => names.has(name))) return true
  return nodes.some(({ subgraphs }) => Object.values(subgraphs).some((inner) => holds(inner, names)))
}
