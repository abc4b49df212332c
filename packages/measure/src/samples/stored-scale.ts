// The scale at which a model expects its inputs, as its first layers store it: the statistics of a batch normalization, of a
// standardization written as arithmetic, or of a batch normalization behind one product.
import { type Constant, constantsIn, readBytes } from '@whyslow/graph/constants.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'

export interface StoredScale {
  /** One for each element of an axis of the input that is this long, or one for all. */
  readonly mean: Float64Array
  readonly deviation: Float64Array
  readonly from: 'batch normalization' | 'standardization' | 'batch normalization behind its first product'
}

/** Nodes that change no element. */
const PASSES = new Set(['Identity', 'Cast', 'Transpose', 'Unsqueeze', 'Squeeze', 'Reshape', 'Flatten', 'Dropout', 'Pad'])
const MOST_STEPS = 8
/** Weights of a larger first layer are not read: what is wanted is a scale. */
const MOST_WEIGHTS = 2e6
/** Filters whose weights add up to little tell nothing of the mean: it is drawn to zero by this share of their power. */
const RIDGE = 0.01
/** Correlation of neighbouring elements that real inputs mostly have. */
const CORRELATION = 0.5

/** For each input by its name; undefined if the first layers store nothing. The model is indexed when the first is asked for, and once. */
export function storedScalesOf(model: Model): (input: string) => StoredScale | undefined {
  let index: Index | undefined
  const found = new Map<string, StoredScale | undefined>()
  return (input) => {
    if (!found.has(input)) {
      index ??= indexOf(model)
      found.set(input, storedScaleOf(model, input, index))
    }
    return found.get(input)
  }
}

interface Index {
  readonly constants: ReadonlyMap<string, Constant>
  readonly consumers: ReadonlyMap<string, readonly NodeProto[]>
}

function indexOf({ proto }: Model): Index {
  const graph = proto.graph!
  const { consumers } = linksOf(graph)
  return { consumers, constants: new Map(constantsIn(graph).map((constant) => [constant.name, constant])) }
}

function storedScaleOf(model: Model, input: string, { constants, consumers }: Index): StoredScale | undefined {
  const numbers = (name: string | undefined): Float64Array | undefined => {
    const constant = constants.get(name ?? '')
    if (constant === undefined || constant.elementCount > MOST_WEIGHTS || constant.dtype === 'string') return undefined
    const decoded = decodeNumbers(readBytes(model, constant), constant.dtype, constant.elementCount)
    return decoded === undefined ? undefined : Float64Array.from(decoded)
  }
  /** The one node that reads a value. */
  const reader = (name: string | undefined): NodeProto | undefined => {
    const readers = consumers.get(name ?? '')
    return readers?.length === 1 ? readers[0] : undefined
  }

  let node = reader(input)
  for (let step = 0; node !== undefined && PASSES.has(node.opType) && step < MOST_STEPS; step++) node = reader(node.output[0])
  if (node === undefined) return undefined
  const found = storedBehind(node)
  // A variance below zero, or weights that a damaged export left as NaN.
  return found !== undefined && [found.mean, found.deviation].every((all) => all.every(Number.isFinite)) ? found : undefined

  function storedBehind(first: NodeProto): StoredScale | undefined {
    if (first.opType === 'BatchNormalization') return normalized(first)
    const next = reader(first.output[0])
    if (next === undefined) return undefined
    if (first.opType === 'Sub' && constants.has(first.input[1]!)) return standardized(first, next)
    return ['Conv', 'Gemm', 'MatMul'].includes(first.opType) ? behindProduct(first, next) : undefined
  }

  function normalized({ input: names }: NodeProto): StoredScale | undefined {
    const [mean, variance] = [numbers(names[3]), numbers(names[4])]
    if (mean === undefined || variance === undefined) return undefined
    return { mean, deviation: variance.map(Math.sqrt), from: 'batch normalization' }
  }

  function standardized({ input: names }: NodeProto, { opType, input: factors }: NodeProto): StoredScale | undefined {
    const [mean, factor] = [numbers(names[1]), numbers(factors[1])]
    if (mean === undefined || factor === undefined || (opType !== 'Div' && opType !== 'Mul')) return undefined
    if (factor.some((one) => one === 0)) return undefined
    return { mean, deviation: factor.map((one) => Math.abs(opType === 'Div' ? one : 1 / one)), from: 'standardization' }
  }

  /**
   * One mean and one deviation for all elements, for which the product comes nearest to the statistics that are stored behind it: the mean by
   * least squares, the deviation by the median over the outputs.
   */
  function behindProduct(product: NodeProto, after: NodeProto): StoredScale | undefined {
    const isBias = after.opType === 'Add' && product.opType === 'MatMul'
    const norm = isBias ? reader(after.output[0]) : after
    const stored = norm?.opType === 'BatchNormalization' ? normalized(norm) : undefined
    const weights = numbers(product.input[1])
    const shape = constants.get(product.input[1] ?? '')?.shape
    if (stored === undefined || weights === undefined || shape === undefined) return undefined
    const outputs = stored.mean.length
    const isFirst = product.opType === 'Conv' || isTransposed(product)
    if ((isFirst ? shape[0] : shape.at(-1)) !== outputs) return undefined
    const bias =
      (isBias ? numbers(after.input.find((name) => constants.has(name))) : numbers(product.input[2])) ?? new Float64Array(outputs)
    const each = weights.length / outputs
    const ratios: number[] = []
    let [along, square] = [0, 0]
    for (let k = 0; k < outputs; k++) {
      let [sum, power] = [0, 0]
      for (let j = 0; j < each; j++) {
        const weight = weights[isFirst ? k * each + j : j * outputs + k]!
        sum += weight
        power += weight * weight
      }
      along += sum * (stored.mean[k]! - (bias[k] ?? 0))
      square += sum * sum + RIDGE * power
      const expected = (1 - CORRELATION) * power + CORRELATION * sum * sum
      if (expected > 0) ratios.push(stored.deviation[k]! ** 2 / expected)
    }
    const variance = ratios.sort((a, b) => a - b)[ratios.length >> 1]
    if (variance === undefined || square === 0 || !(variance > 0)) return undefined
    const from = 'batch normalization behind its first product'
    return { mean: Float64Array.of(along / square), deviation: Float64Array.of(Math.sqrt(variance)), from }
  }
}

const isTransposed = ({ opType, attribute }: NodeProto): boolean =>
  opType === 'Gemm' && attribute.some(({ name, i }) => name === 'transB' && i === 1n)
