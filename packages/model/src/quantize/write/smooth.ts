// SmoothQuant: channels of an activation that are far larger than the others leave those few steps of a scale that all channels share. Each
// channel j is divided by a factor, and its row of the weights that read it multiplied by the same, so that the product is what it was:
//   s_j = max|X_j|^a / max|W_j|^(1-a)
// Guangxuan Xiao et al., "SmoothQuant" (2023), equation 4: https://arxiv.org/abs/2211.10438. The division goes into what makes the
// activation (scale and bias of a normalization, factors, biases, the weights of a product before it), never into a node of its own, so
// that a smoothed model has the same nodes and takes the same time.

import { floatTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, freshNames, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, matchGraph, numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { floatConstant, readFloats } from './rewriting.ts'

/** Half of the difficulty to either side, as the paper has it for most models. */
const MIGRATION = 0.5
/** As in the authors' code: no channel is made this much smaller or larger. */
const LEAST_FACTOR = 1e-5

/** The factor of each channel; 1 if the activation or the weights are zero alone. */
export function smoothingFactors(
  activationPeaks: readonly number[],
  weightPeaks: readonly number[],
  alpha = MIGRATION,
): readonly number[] {
  return activationPeaks.map((peak, j) => {
    const factor = peak ** alpha / weightPeaks[j]! ** (1 - alpha)
    if (!(factor > 0) || !Number.isFinite(factor)) return 1
    return Math.min(1 / LEAST_FACTOR, Math.max(LEAST_FACTOR, factor))
  })
}

export interface SmoothedChannels {
  readonly model: Model
  /** Activations whose channels were divided. */
  readonly values: readonly string[]
}

/**
 * The model with every activation smoothed that constant products alone read, and whose factors can go into what makes it. Equal to the
 * original up to rounding; names of nodes and values stay. `peaks`: of activations, the largest magnitude in each channel of the last axis.
 */
export function withSmoothedChannels(
  model: Model,
  peaks: ReadonlyMap<string, readonly number[]>,
  alpha = MIGRATION,
): SmoothedChannels {
  const graph = model.proto.graph
  if (graph === undefined) return { model, values: [] }
  const weights = editableWeights(matchGraph(model, graph), freshNames(graph))
  const values = [...peaks]
    .filter(([value, activationPeaks]) => smooth(weights, value, activationPeaks, alpha))
    .map(([value]) => value)
  return { model: values.length === 0 ? model : weights.finish(), values }
}

interface Floats {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** Constants as the nodes read them now: each node may have its own of what others share. */
interface EditableWeights {
  readonly matching: Matching
  /** Float32 elements of a constant input; undefined if the input is not such a constant. */
  read(node: NodeProto, index: number): Floats | undefined
  write(node: NodeProto, index: number, floats: Floats): void
  finish(): Model
}

function editableWeights(matching: Matching, fresh: (hint: string) => string): EditableWeights {
  const written = new Map<NodeProto, Map<number, Floats>>()
  return {
    matching,
    read: (node, index) => {
      const own = written.get(node)?.get(index)
      const constant = own === undefined ? floatConstant(matching, node.input[index]) : undefined
      return own ?? (constant && { shape: constant.shape, values: readFloats(matching, constant) })
    },
    write: (node, index, floats) => {
      written.set(node, (written.get(node) ?? new Map<number, Floats>()).set(index, floats))
    },
    finish: () => {
      const { model, graph } = matching
      const addInitializers: TensorProto[] = []
      const changed = new Map(
        [...written].map(([node, inputs]) => {
          const input = node.input.map((name, index) => {
            const floats = inputs.get(index)
            if (floats === undefined) return name
            addInitializers.push(floatTensor(fresh(`${name}_smoothed`), floats.shape, floats.values))
            return addInitializers.at(-1)!.name
          })
          return [node, copyWith(node, { input })] as const
        }),
      )
      const node = graph.node.map((one) => changed.get(one) ?? one)
      return withGraph(model, editGraph(copyWith(graph, { node }), { addInitializers }))
    },
  }
}

/** False, and nothing changed, if it cannot be. */
function smooth(weights: EditableWeights, value: string, peaks: readonly number[], alpha: number): boolean {
  const { matching } = weights
  const readers = matching.readers(value).filter((node) => !isOperator(node, 'Shape'))
  const products = readers.map((node) => readerOf(weights, node, value, peaks.length))
  if (products.length === 0 || products.includes(undefined) || matching.isOutput(value)) return false
  const weightPeaks = peaks.map(() => 0)
  for (const product of products)
    eachByChannel(product!, (weight, j) => {
      weightPeaks[j] = Math.max(weightPeaks[j]!, Math.abs(weight))
    })
  const factors = smoothingFactors(peaks, weightPeaks, alpha)
  const divide = divider(weights, value, factors)
  if (divide === undefined) return false
  divide()
  products.forEach((product, k) => {
    weights.write(readers[k]!, 1, scaledBy(product!, factors))
  })
  return true
}

/** Weights, and the axis along which the channels lie. */
interface ByChannel extends Floats {
  readonly axis: number
}

/** The weights of a product that multiplies the value by a constant matrix. */
function readerOf(weights: EditableWeights, node: NodeProto, value: string, channels: number): ByChannel | undefined {
  if (!isOperator(node, 'MatMul', 'Gemm') || node.input[0] !== value || node.input.lastIndexOf(value) !== 0) return undefined
  if (numberOf(node, 'transA', 0) !== 0) return undefined
  const axis = numberOf(node, 'transB', 0) === 0 ? 0 : 1
  const found = weights.read(node, 1)
  return found?.shape.length === 2 && found.shape[axis] === channels ? { ...found, axis } : undefined
}

/** What divides the channels of a value by the factors in whatever makes it; undefined if that cannot be. */
function divider(weights: EditableWeights, value: string, factors: readonly number[]): Step | undefined {
  const node = weights.matching.producer(value)
  if (node === undefined || node.output[0] !== value) return undefined
  const inverse = factors.map((factor) => 1 / factor)
  /** Divides one constant input that has a number for each channel in its last axis. */
  const vector = (index: number, by = inverse) => {
    const found = weights.read(node, index)
    const axis = (found?.shape.length ?? 0) - 1
    if (found === undefined || found.values.length !== factors.length || found.shape[axis] !== factors.length) return undefined
    return () => weights.write(node, index, scaledBy({ ...found, axis }, by))
  }
  const matrix = (index: number, axis: number) => {
    const found = weights.read(node, index)
    if (found?.shape.length !== 2 || found.shape[axis] !== factors.length) return undefined
    return () => weights.write(node, index, scaledBy({ ...found, axis }, inverse))
  }
  /** The same in what makes an input that this node alone reads. */
  const before = (index: number) => {
    const maker = weights.matching.producer(node.input[index])
    const isOnlyReader = maker !== undefined && weights.matching.onlyReader(maker) === node
    return isOnlyReader ? divider(weights, node.input[index]!, factors) : undefined
  }
  if (isOperator(node, 'LayerNormalization')) return all(vector(1), node.input[2] ? vector(2) : () => {})
  if (isOperator(node, 'MatMul')) return matrix(1, 1)
  if (isOperator(node, 'Gemm'))
    return all(matrix(1, numberOf(node, 'transB', 0) === 0 ? 1 : 0), node.input[2] ? vector(2) : () => {})
  if (isOperator(node, 'Mul')) return vector(1) ?? vector(0)
  if (isOperator(node, 'Div')) return vector(1, [...factors])
  if (isOperator(node, 'Add')) return all(vector(1), before(0)) ?? all(vector(0), before(1))
  // max(0, x / s) is max(0, x) / s.
  return isOperator(node, 'Relu') ? before(0) : undefined
}

type Step = () => void

/** All of the steps as one; undefined if one of them cannot be. */
function all(...steps: readonly (Step | undefined)[]): Step | undefined {
  if (steps.includes(undefined)) return undefined
  return () => {
    for (const step of steps) step!()
  }
}

function eachByChannel({ values, shape, axis }: ByChannel, see: (value: number, channel: number, at: number) => void): void {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1)
  const channels = shape[axis]!
  for (let at = 0; at < values.length; at++) see(values[at]!, Math.floor(at / inner) % channels, at)
}

function scaledBy(weights: ByChannel, factors: readonly number[]): Floats {
  const values = new Float32Array(weights.values.length)
  eachByChannel(weights, (value, channel, at) => {
    values[at] = value * factors[channel]!
  })
  return { shape: weights.shape, values }
}
