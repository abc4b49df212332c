// Scan as a WHILE: its states and the rows of what it scans go through the graph that it holds, and what comes out of each step is put in
// its place. Values of the graph around it that a step reads are carried along.

import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { axisFromFront, numberAttribute, numbersAttribute } from '@whyslow/graph/view-attributes.ts'
import { capturedBy } from '@whyslow/graph/walk.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { arithmetic } from './arithmetic.ts'
import { roundsLeft, rowOf, withRow } from './loop.ts'

type LowerNodes = (lower: Lowerer, nodes: readonly OnnxNode[]) => void

export function scan(lower: Lowerer, node: OnnxNode, lowerNodes: LowerNodes): void {
  const graph = node.proto.attribute.find(({ name }) => name === 'body')?.g
  if (graph === undefined) throw lower.unwritable('it holds no graph')
  const scanned = numberAttribute(node, 'num_scan_inputs', 1)
  const states = node.inputs.length - scanned
  const names = { inputs: graph.input.map(({ name }) => name), outputs: graph.output.map(({ name }) => name) }
  const inputs = node.inputs.slice(states).map((name, k): Scanned => {
    const shape = lower.shape(name)
    return {
      tensor: lower.plain(name),
      axis: axisFromFront(numbersAttribute(node, 'scan_input_axes')?.[k] ?? 0, shape.length),
      back: numbersAttribute(node, 'scan_input_directions')?.[k] === 1,
    }
  })
  const [first] = inputs as [Scanned]
  const steps = first.tensor.shape[first.axis]!
  const count = typeof steps === 'number' ? lower.scalar(steps) : lower.sizeAt(lower.shapeOf(first.tensor), first.axis)
  const captured = [...capturedBy(graph)].filter(
    (name) => lower.constant(name) === undefined && lower.numbers(name) === undefined,
  )
  const before = [
    ...node.inputs.slice(0, states).map((name) => lower.plain(name)),
    ...inputs.map(({ tensor }) => tensor),
    ...captured.map((name) => lower.plain(name)),
  ]
  const outputs = node.outputs.slice(states).map((name, k): Written => {
    const { dtype, shape } = lower.type(name === '' ? names.outputs[states + k]! : name)
    const axis = axisFromFront(numbersAttribute(node, 'scan_output_axes')?.[k] ?? 0, shape.length)
    return {
      tensor: filled(lower, before, { dtype, shape }),
      axis,
      back: numbersAttribute(node, 'scan_output_directions')?.[k] === 1,
    }
  })
  const carried = [lower.scalar(0), count, ...before, ...outputs.map(({ tensor }) => tensor)]
  const like = carried.map(({ dtype, shape }) => ({ dtype, shape }))
  const condition = roundsLeft(lower, like)
  const body = lower.graph('step', like, (tensors) => {
    const [time, last, ...rest] = tensors as [LiteTensor, LiteTensor, ...LiteTensor[]]
    const place = placesOf(lower, time, last)
    for (const [k, name] of names.inputs.entries()) {
      const one = inputs[k - states]
      lower.place(name, one === undefined ? rest[k]! : rowOf(lower, rest[k]!, { axis: one.axis, place: place(one.back) }))
    }
    const others = rest.slice(states + scanned)
    for (const [k, name] of captured.entries()) lower.place(name, others[k]!)
    lowerNodes(lower, lower.source.bodyOf(node))
    const next = names.outputs.slice(0, states).map((name) => lower.plain(name))
    const written = outputs.map(({ axis, back }, k) =>
      withRow(lower, others[captured.length + k]!, { axis, place: place(back), row: lower.plain(names.outputs[states + k]!) }),
    )
    return [
      place(false, 1),
      last,
      ...next,
      ...rest.slice(states, states + scanned),
      ...others.slice(0, captured.length),
      ...written,
    ]
  })
  const after = lower.ops('WHILE', carried, like, {}, [condition, body]).slice(2)
  for (const [k, name] of node.outputs.entries())
    if (name !== '') lower.place(name, k < states ? after[k]! : after[before.length + k - states]!)
}

interface Scanned {
  readonly tensor: LiteTensor
  readonly axis: number
  /** Scans from the end. */
  readonly back: boolean
}
type Written = Scanned

/** The step's place, from either end, or `more` behind it. */
function placesOf(lower: Lowerer, time: LiteTensor, last: LiteTensor): (back: boolean, more?: number) => LiteTensor {
  const { add, subtract } = arithmetic(lower, { dtype: 'int32', shape: [] })
  return (back, more = 0) => {
    if (back) return subtract(subtract(last, lower.scalar(1)), time)
    return more === 0 ? time : add(time, lower.scalar(more))
  }
}

/** Zeros; sizes that are free are those of a tensor that has the same. */
function filled(
  lower: Lowerer,
  tensors: readonly LiteTensor[],
  { dtype, shape }: { readonly dtype: DType; readonly shape: readonly Dimension[] },
): LiteTensor {
  const sizes = shape.map((size) => {
    if (typeof size === 'number') return lower.scalar(size)
    const source = size === null ? undefined : tensors.find((one) => one.shape.includes(size))
    if (source === undefined) return lower.refuse('a size of its results is free')
    return lower.sizeAt(lower.shapeOf(source), source.shape.indexOf(size))
  })
  const target = shape.every((size) => typeof size === 'number') ? lower.ints(shape as number[]) : lower.pack(sizes)
  return lower.op('FILL', [target, lower.number(0, dtype)], { dtype, shape })
}
