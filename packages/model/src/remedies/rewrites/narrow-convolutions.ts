// Convolutions with few output channels leave most lanes of the engine's kernels idle: those work on 16 channels at a time (8 with
// AVX2), and the missing ones are zeros. Here neighbouring positions take their place (../position-blocks.ts), and what they give is laid
// out as positions again behind. Blocks of channels: onnxruntime/core/optimizer/nchwc_transformer.cc

import { attribute, floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { convolutionPads } from '@whyslow/graph/rewrite/convolution-pads.ts'
import { concatenateFloats, floatsOf, sum } from '@whyslow/graph/rewrite/floats.ts'
import { intsOf, isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { pointwiseAfter, repeatPointwise } from '@whyslow/graph/rewrite/pointwise-after.ts'
import { type PositionBlock, positionBlocks, spreadWeights, type Window } from '@whyslow/graph/rewrite/position-blocks.ts'
import type { Size } from '@whyslow/graph/rewrite/sizes.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { byProfile, rewritingRemedy } from '../kit/rewriting.ts'
import { isLong, timeWith } from '../kit/unfused.ts'

/** Share of the lanes worked on before: above this, rearranging costs what is saved. */
const MOST_SHARE = 0.75
/** Since when operands are broadcast as numpy does it; the engine runs no older models. */
const LEAST_OPSET = 7
/** Since when the bounds of Slice are inputs. */
const SLICE_INPUTS = 10

interface Widened extends Replacement {
  readonly share: number
}

export const narrowConvolutions = defineRemedy(
  rewritingRemedy({
    id: 'narrow-convolutions',
    title: 'Convolutions with few output channels compute several positions at once',
    treats: ['inefficient-kernels', 'compute-bound-operators', 'memory-bound-operators', 'large-input-resolution'],
    effect: 'rounding',
    find(matching, fresh, evidence) {
      if (matching.opset < LEAST_OPSET) return []
      const lanes = evidence.instructionSets.some((one) => one.startsWith('avx512')) ? 16 : 8
      return matching.graph.node.flatMap((one) => (isLong(evidence, one) && widen(matching, one, lanes, fresh)) || [])
    },
    changes: ({ replaced }) =>
      `${count(replaced.length, 'convolution')} with few output channels compute several positions at once`,
    saving: byProfile((evidence, { replaced }) =>
      sum(replaced.map(({ parts, share }) => (1 - share) * timeWith(evidence, parts[0]!))),
    ),
  }),
)

function widen(matching: Matching, conv: NodeProto, lanes: number, fresh: (hint: string) => string): Widened | undefined {
  const narrow = narrowOf(matching, conv)
  if (narrow === undefined) return undefined
  const { window, shape, input, output } = narrow
  const [best] = positionBlocks(window, shape[0]!, { input, output }, lanes)
  if (best === undefined || best.share > MOST_SHARE) return undefined
  const wide = spreadWeights(narrow.weights, shape, window, best)
  const initializers = [floatTensor(fresh(`${conv.input[1]}_wide`), wide.shape, wide.values)]
  /** Values by channel: the same for each position of a block. */
  const repeated = (name: string, values: Float32Array): string => {
    const all = concatenateFloats(Array<Float32Array>(best.block).fill(values))
    initializers.push(floatTensor(fresh(`${name}_wide`), [all.length], all))
    return initializers.at(-1)!.name
  }
  const bias = narrow.bias === undefined ? [] : [repeated(conv.input[2]!, narrow.bias)]
  const after = pointwiseAfter(matching, conv)
  const made = [conv, ...after.map(({ node: one }) => one)]
  const values = made.map(({ output: [name] }) => fresh(`${name}_wide`))
  const inputs = [conv.input[0]!, initializers[0]!.name, ...bias]
  const wider = copyWith(conv, { input: inputs, output: [values[0]!], attribute: attributesOf(conv, best.window) })
  const add = [wider, ...repeatPointwise(after, values, repeated)]
  const ends = { from: values.at(-1)!, to: made.at(-1)!.output[0]! }
  const laid = layOut(best, { channels: shape[0]!, output, opset: matching.opset }, ends, fresh)
  return {
    share: best.share,
    parts: [conv],
    remove: new Set(made),
    add: [...add, ...laid.nodes],
    addInitializers: [...initializers, ...laid.initializers],
  }
}

interface Narrow {
  readonly window: Window
  /** Shape of the weights. */
  readonly shape: readonly number[]
  readonly weights: Float32Array
  readonly bias: Float32Array | undefined
  /** Spatial sizes. */
  readonly input: readonly Size[]
  readonly output: readonly Size[]
}

/** The convolution with all that must be known of it; undefined if it is none of one group with constant weights. */
function narrowOf(matching: Matching, conv: NodeProto): Narrow | undefined {
  if (!isOperator(conv, 'Conv') || numberOf(conv, 'group', 1) !== 1) return undefined
  const shape = matching.constant(conv.input[1])?.shape
  const [from, to] = [matching.shape(conv.input[0]), matching.shape(conv.output[0])]
  const weights = floatsOf(matching, conv.input[1])
  const bias = conv.input[2] ? floatsOf(matching, conv.input[2]) : undefined
  if (shape === undefined || from === undefined || to === undefined || weights === undefined) return undefined
  if ((conv.input[2] && bias === undefined) || from.length !== shape.length) return undefined
  const [input, output] = [from.slice(2), to.slice(2)]
  const ones = input.map(() => 1)
  const partial = {
    kernel: shape.slice(2),
    strides: intsOf(conv, 'strides') ?? ones,
    dilations: intsOf(conv, 'dilations') ?? ones,
  }
  const pads = convolutionPads(conv, partial, input)
  // A Reshape can work out one size of its own.
  if (pads === undefined || output.filter((size) => typeof size !== 'number').length > 1) return undefined
  return { window: { ...partial, pads }, shape, weights, bias, input, output }
}

function attributesOf(conv: NodeProto, { kernel, strides, dilations, pads }: Window): NodeProto['attribute'] {
  const given = { kernel_shape: kernel, strides, dilations, pads }
  const others = conv.attribute.filter(({ name }) => name !== 'auto_pad' && !(name in given))
  return [...others, ...Object.entries(given).map(([name, values]) => attribute(name, values))]
}

/** Nodes from [N, block * C, …, rows, …] to [N, C, …, positions, …]. */
function layOut(
  { axis, block, rows }: PositionBlock,
  { channels, output, opset }: { readonly channels: number; readonly output: readonly Size[]; readonly opset: number },
  { from, to }: { readonly from: string; readonly to: string },
  fresh: (hint: string) => string,
): { readonly nodes: readonly NodeProto[]; readonly initializers: readonly TensorProto[] } {
  const initializers: TensorProto[] = []
  const ints = (hint: string, values: readonly number[]): string => {
    const tensor = int64Tensor(fresh(`${to}_${hint}`), [values.length], values)
    initializers.push(tensor)
    return tensor.name
  }
  const withAxis = (size: number) => output.map((one, at) => (at === axis ? size : typeof one === 'number' ? one : -1))
  // One channel needs no axis of its own: the fewer axes, the faster the transposition.
  const apart = [0, block, ...(channels === 1 ? [] : [channels]), ...withAxis(rows)]
  const along = apart.length - output.length + axis
  const perm = apart.map((_, at) => at).filter((at) => at !== 1)
  perm.splice(along, 0, 1)
  const positions = output[axis] as number
  const isCut = rows * block > positions
  const [split, turned, whole] = [fresh(`${to}_split`), fresh(`${to}_turned`), isCut ? fresh(`${to}_whole`) : to]
  const nodes = [
    node({ opType: 'Reshape', name: split }, [from, ints('blocks', apart)], [split]),
    node({ opType: 'Transpose', name: turned }, [split], [turned], { perm }),
    node(
      { opType: 'Reshape', name: fresh(`${to}_laid_out`) },
      [turned, ints('shape', [0, channels, ...withAxis(rows * block)])],
      [whole],
    ),
  ]
  if (isCut) {
    const bounds = { starts: [0], ends: [positions], axes: [2 + axis] }
    const head = { opType: 'Slice', name: fresh(`${to}_cut`) }
    const asInputs = () => Object.entries(bounds).map(([hint, values]) => ints(hint, values))
    nodes.push(opset < SLICE_INPUTS ? node(head, [whole], [to], bounds) : node(head, [whole, ...asInputs()], [to]))
  }
  return { nodes, initializers }
}
