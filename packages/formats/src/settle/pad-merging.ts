// Zeros that are put around a tensor just for a convolution are its own pads.
import { attributeOf, intsOf } from '@whyslow/graph/attributes.ts'
import { numbersOf } from '@whyslow/graph/builder/constant-data.ts'
import type { Permutation } from '@whyslow/graph/builder/permutation.ts'
import type { NodeProto } from 'onnx-buf'
import type { Workbench } from './workbench.ts'

/** The nodes with each Pad of zeros along spatial axes, read by one Conv alone, merged into it. */
export function mergePads(bench: Workbench, nodes: readonly NodeProto[]): NodeProto[] {
  const uses = bench.uses(nodes)
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)))
  const gone = new Set<NodeProto>()
  const moved = new Map<NodeProto, NodeProto>()
  const once = (name: string | undefined) => (uses.get(name ?? '') === 1 ? makers.get(name!) : undefined)
  const merged = nodes.map((node) => {
    const before = node.opType === 'Conv' ? once(node.input[0]) : undefined
    // At a graph's input the zeros come before its Transpose.
    const turn = before?.opType === 'Transpose' ? before : undefined
    const pad = turn === undefined ? before : once(turn.input[0])
    if (pad?.opType !== 'Pad') return node
    const added = zerosAround(bench, pad, turn && intsOf(turn, 'perm'))
    const automatic = attributeOf(node, 'auto_pad')
    if (added === undefined || !(automatic === undefined || automatic === 'NOTSET' || automatic === 'VALID')) return node
    const own = intsOf(node, 'pads') ?? added.map(() => 0)
    gone.add(pad)
    if (turn !== undefined) moved.set(turn, turnedBefore(bench, turn, pad))
    const pads = own.map((size, k) => size + added[k]!)
    return bench.changed(node, {
      input: [turn === undefined ? pad.input[0]! : node.input[0]!, ...node.input.slice(1)],
      attributes: automatic === undefined ? { pads } : { pads, auto_pad: 'NOTSET' },
    })
  })
  return merged.filter((node) => !gone.has(node)).map((node) => moved.get(node) ?? node)
}

/** The Transpose, reading what the zeros were put around. */
function turnedBefore(bench: Workbench, turn: NodeProto, pad: NodeProto): NodeProto {
  const type = bench.typeOf(pad.input[0]!)
  const order = intsOf(turn, 'perm')
  if (type !== undefined && order !== undefined)
    bench.setType(turn.output[0]!, { ...type, shape: order.map((axis) => type.shape[axis]!) })
  return bench.changed(turn, { input: [pad.input[0]!] })
}

/** Begins and ends of the spatial axes; undefined if something else is put, or along other axes, or something is cut off. */
function zerosAround(bench: Workbench, pad: NodeProto, turn: Permutation | undefined): readonly number[] | undefined {
  const [, pads, value = '', axes = ''] = pad.input
  const mode = attributeOf(pad, 'mode')
  const constant = bench.constantOf(pads ?? '')
  if (constant === undefined || axes !== '' || !(mode === undefined || mode === 'constant')) return undefined
  const filled = value === '' ? undefined : bench.constantOf(value)
  if (value !== '' && (filled?.dtype !== 'float32' || numbersOf(filled)[0] !== 0)) return undefined
  const all = numbersOf(constant)
  const rank = all.length / 2
  const order = turn ?? all.slice(rank).map((_, axis) => axis)
  const [begins, ends] = [order.map((axis) => all[axis]!), order.map((axis) => all[rank + axis]!)]
  if ([...begins.slice(0, 2), ...ends.slice(0, 2)].some((size) => size !== 0) || all.some((size) => size < 0)) return undefined
  return [...begins.slice(2), ...ends.slice(2)]
}
