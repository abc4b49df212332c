// A convolution with a channel for each of the stride² phases of its output (@whyslow/graph/rewrite/phases.ts), whose channels are then
// arranged as positions. Transposed convolutions become one, and so do convolutions over a map that was only repeated.

import { floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import { concatenateFloats, floatsOf } from '@whyslow/graph/rewrite/floats.ts'
import type { Matching, Replacement } from '@whyslow/graph/rewrite/match.ts'
import { type Phases, phasesOf, phaseWeights, type TransposedWindow } from '@whyslow/graph/rewrite/phases.ts'
import { pointwiseAfter, repeatPointwise } from '@whyslow/graph/rewrite/pointwise-after.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'

/** Since when operands are broadcast as numpy does it; the engine runs no older models. */
export const LEAST_OPSET = 7
/** Since when the bounds of Slice are inputs. */
const SLICE_INPUTS = 10
/** The end of a Slice: all that there is. */
const TO_THE_END = 2 ** 31 - 1

/** Phases of one axis, or of two with one stride, which DepthToSpace arranges; undefined for any other. */
export function phasesOfAll(transposed: readonly TransposedWindow[]): readonly Phases[] | undefined {
  const axes = transposed.flatMap((axis) => phasesOf(axis) ?? [])
  if (axes.length !== transposed.length || axes.length < 1 || axes.length > 2) return undefined
  return axes.every(({ stride }) => stride === axes[0]!.stride) ? axes : undefined
}

export interface PhasesOf {
  /** A ConvTranspose or a Conv; its second input are weights, its third is a bias or absent. */
  readonly one: NodeProto
  /** What the convolution reads. */
  readonly input: string
  /** As a transposed convolution has them: [C_in, C, ...kernel]. */
  readonly weights: Float32Array
  readonly shape: readonly number[]
  readonly axes: readonly Phases[]
}

/** What replaces the node and the elementwise operators that follow it; undefined if its bias is no constant. */
export function asPhases(
  matching: Matching,
  { one, input, weights, shape, axes }: PhasesOf,
  fresh: (hint: string) => string,
): Replacement | undefined {
  const bias = one.input[2] ? floatsOf(matching, one.input[2]) : undefined
  if (one.input[2] && bias === undefined) return undefined
  const split = phaseWeights(weights, shape, axes)
  const initializers = [floatTensor(fresh(`${one.input[1]}_phases`), split.shape, split.values)]
  const phases = axes.reduce((all, { stride }) => all * stride, 1)
  const repeated = (name: string, values: Float32Array): string => {
    const all = concatenateFloats(Array<Float32Array>(phases).fill(values))
    initializers.push(floatTensor(fresh(`${name}_phases`), [all.length], all))
    return initializers.at(-1)!.name
  }
  const after = pointwiseAfter(matching, one)
  const made = [one, ...after.map((beside) => beside.node)]
  const isMoved = phases > 1
  const values = made.map(({ output: [name] }, k) => (isMoved || k < made.length - 1 ? fresh(`${name}_phases`) : name!))
  const inputs = [input, initializers[0]!.name, ...(bias === undefined ? [] : [repeated(one.input[2]!, bias)])]
  const conv = node({ opType: 'Conv', name: one.name || fresh(`${one.output[0]}_conv`) }, inputs, [values[0]!], {
    kernel_shape: split.shape.slice(2),
    strides: axes.map(() => 1),
    pads: [...axes.map(({ pads }) => pads[0]), ...axes.map(({ pads }) => pads[1])],
  })
  const ends = { from: values.at(-1)!, to: made.at(-1)!.output[0]! }
  const size = { channels: shape[1]!, opset: matching.opset }
  const laid = isMoved ? layOut(axes, size, ends, fresh) : { nodes: [], initializers: [] }
  return {
    parts: [one],
    remove: new Set(made),
    add: [conv, ...repeatPointwise(after, values, repeated), ...laid.nodes],
    addInitializers: [...initializers, ...laid.initializers],
  }
}

/** Nodes from [N, phases * C, ...] to [N, C, ... * stride], without the positions that are too many. */
function layOut(
  axes: readonly Phases[],
  { channels, opset }: { readonly channels: number; readonly opset: number },
  { from, to }: { readonly from: string; readonly to: string },
  fresh: (hint: string) => string,
): { readonly nodes: readonly NodeProto[]; readonly initializers: readonly TensorProto[] } {
  const initializers: TensorProto[] = []
  const ints = (hint: string, values: readonly number[]): string => {
    initializers.push(int64Tensor(fresh(`${to}_${hint}`), [values.length], values))
    return initializers.at(-1)!.name
  }
  const cuts = axes.flatMap(({ cut: [before, behind] }, axis) => {
    return before + behind === 0 ? [] : [{ start: before, end: behind === 0 ? TO_THE_END : -behind, axis: axis + 2 }]
  })
  const whole = cuts.length > 0 ? fresh(`${to}_whole`) : to
  const head = (opType: string, hint: string) => ({ opType, name: fresh(`${to}_${hint}`) })
  const { stride } = axes[0]!
  const nodes: NodeProto[] = []
  if (axes.length === 2) {
    nodes.push(node(head('DepthToSpace', 'laid_out'), [from], [whole], { blocksize: stride }))
  } else {
    const [split, turned] = [fresh(`${to}_split`), fresh(`${to}_turned`)]
    nodes.push(
      node(head('Reshape', 'split'), [from, ints('phases', [0, stride, channels, -1])], [split]),
      node(head('Transpose', 'turned'), [split], [turned], { perm: [0, 2, 3, 1] }),
      node(head('Reshape', 'laid_out'), [turned, ints('shape', [0, channels, -1])], [whole]),
    )
  }
  if (cuts.length > 0) {
    const bounds = {
      starts: cuts.map(({ start }) => start),
      ends: cuts.map(({ end }) => end),
      axes: cuts.map(({ axis }) => axis),
    }
    const asInputs = () => Object.entries(bounds).map(([hint, values]) => ints(hint, values))
    const cut = head('Slice', 'cut')
    nodes.push(opset < SLICE_INPUTS ? node(cut, [whole], [to], bounds) : node(cut, [whole, ...asInputs()], [to]))
  }
  return { nodes, initializers }
}
