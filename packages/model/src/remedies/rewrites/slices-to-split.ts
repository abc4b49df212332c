// Slices that cut a value into parts that do not overlap are one Split, or a tree of them where they cut along several axes: one start
// instead of several. ONNX Runtime does it itself where they cut along one axis and leave no gap, since opset 10
// (core/optimizer/gather_slice_fusion.cc): what the profile shows as done is left to it.
// https://onnx.ai/onnx/operators/onnx__Slice.html, …Split

import { int64Tensor, node } from '@whyslow/graph/build.ts'
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { intsOf, isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import type { Size } from '@whyslow/graph/rewrite/sizes.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfFusing } from '../kit/rewriting.ts'
import { countRun, isUnfused } from '../kit/unfused.ts'

interface Parted extends Replacement {
  readonly splits: number
}

export const slicesToSplit = defineRemedy(
  rewritingRemedy({
    id: 'slices-to-split',
    title: 'Slices of one value become one Split',
    treats: ['dispatch-overhead'],
    effect: 'exact',
    find(matching, fresh, evidence) {
      const slices = matching.graph.node.filter((one) => isOperator(one, 'Slice') && isUnfused(evidence, one))
      return bySource(slices).flatMap((group) => part(matching, group, fresh) ?? [])
    },
    changes({ parts, replaced }) {
      const splits = sum(replaced.map((one) => one.splits))
      return `${parts.length} Slices became ${splits} Split${splits === 1 ? '' : 's'}`
    },
    saving: savingOfFusing,
    took: (executed, { model }) =>
      countRun(executed, /^Slice$/) <= nodesOf(model.proto).filter(({ opType }) => opType === 'Slice').length,
  }),
)

function bySource(slices: readonly NodeProto[]): readonly (readonly NodeProto[])[] {
  const groups = new Map<string, NodeProto[]>()
  for (const one of slices) groups.set(one.input[0]!, [...(groups.get(one.input[0]!) ?? []), one])
  return [...groups.values()].filter((group) => group.length > 1)
}

type Range = readonly [start: number, end: number]

/** What one Slice takes: a range of each axis that it cuts; those have known sizes. */
interface Box {
  readonly slice: NodeProto
  readonly ranges: ReadonlyMap<number, Range>
}

/** How a value comes apart: a Split along an axis, whose parts are results, unread, or come apart themselves. */
interface Tree {
  readonly axis: number
  readonly parts: readonly { readonly size: number; readonly is: string | null | Tree }[]
  /** Splits in all. */
  readonly splits: number
}

/** Types that Split takes in every version. */
const DTYPES = ['float32', 'int32', 'int64']

function part(matching: Matching, slices: readonly NodeProto[], fresh: (hint: string) => string): Parted | undefined {
  const source = slices[0]!.input[0]!
  const shape = matching.shape(source)
  if (matching.opset < 2 || shape === undefined || matching.constant(source)) return undefined
  if (!DTYPES.includes(matching.dtype(source) ?? '')) return undefined
  const found = slices.flatMap((slice) => boxOf(matching, slice, shape) ?? [])
  const tree = treeOf(found, shape)
  if (tree === undefined || tree.splits >= found.length) return undefined
  const add: NodeProto[] = []
  const addInitializers: TensorProto[] = []
  const write = ({ axis, parts }: Tree, value: string) => {
    const outputs = parts.map(({ is }) => (typeof is === 'string' ? is : fresh(`${value}_${is === null ? 'unread' : 'part'}`)))
    const sizes = parts.map(({ size }) => size)
    const name = fresh(`${value}_split`)
    if (matching.opset < 13) add.push(node({ opType: 'Split', name }, [value], outputs, { axis, split: sizes }))
    else {
      addInitializers.push(int64Tensor(`${name}_sizes`, [sizes.length], sizes))
      add.push(node({ opType: 'Split', name }, [value, `${name}_sizes`], outputs, { axis }))
    }
    parts.forEach(({ is }, index) => {
      if (is !== null && typeof is !== 'string') write(is, outputs[index]!)
    })
  }
  write(tree, source)
  const parts = found.map(({ slice }) => slice)
  return { parts, remove: new Set(parts), add, addInitializers, splits: tree.splits }
}

/** Undefined if it is not constant, takes nothing or all, or cuts along an axis of unknown size. */
function boxOf(matching: Matching, slice: NodeProto, shape: readonly Size[]): Box | undefined {
  const given = (name: string, index: number) => {
    return matching.opset < 10 ? intsOf(slice, name) : slice.input[index] ? matching.numbers(slice.input[index]) : undefined
  }
  const [starts, ends] = [given('starts', 1), given('ends', 2)]
  const axes = given('axes', 3) ?? (slice.input[3] ? undefined : starts?.map((_, axis) => axis))
  const steps = slice.input[4] ? matching.numbers(slice.input[4]) : []
  if (!starts || !ends || !axes || !steps?.every((step) => step === 1)) return undefined
  const ranges = new Map<number, Range>()
  for (const [k, given] of axes.entries()) {
    const axis = axisFromFront(given, shape.length)
    const size = shape[axis]
    if (starts[k] === 0 && ends[k]! >= 2 ** 31 - 1) continue
    if (typeof size !== 'number' || ranges.has(axis)) return undefined
    const [start, end] = [starts[k]!, ends[k]!].map((at) => Math.min(size, Math.max(0, at < 0 ? at + size : at)))
    if (start! >= end!) return undefined
    if (end! - start! < size) ranges.set(axis, [start!, end!])
  }
  return ranges.size === 0 ? undefined : { slice, ranges }
}

/** The tree of the fewest Splits that gives every box; of equal ones that along the outer axis first, whose parts lie together. */
function treeOf(boxes: readonly Box[], shape: readonly Size[]): Tree | undefined {
  const axes = [...(boxes[0]?.ranges.keys() ?? [])].sort((a, b) => a - b)
  const trees = axes.flatMap((axis) => treeAlong(axis, boxes, shape) ?? [])
  return trees.sort((a, b) => a.splits - b.splits)[0]
}

function treeAlong(axis: number, boxes: readonly Box[], shape: readonly Size[]): Tree | undefined {
  const groups = new Map<string, { readonly range: Range; readonly boxes: Box[] }>()
  for (const box of boxes) {
    const range = box.ranges.get(axis)
    if (range === undefined) return undefined
    const group = groups.get(range.join()) ?? { range, boxes: [] }
    groups.set(range.join(), group)
    group.boxes.push({ ...box, ranges: new Map([...box.ranges].filter(([other]) => other !== axis)) })
  }
  const parts: { readonly size: number; readonly is: string | null | Tree }[] = []
  let [at, unread] = [0, 0]
  const skipTo = (start: number) => {
    if (start > at) parts.push({ size: start - at, is: null })
    unread += start - at
  }
  for (const { range, boxes: inside } of [...groups.values()].sort((a, b) => a.range[0] - b.range[0])) {
    if (range[0] < at) return undefined
    skipTo(range[0])
    const is = inside.length === 1 && inside[0]!.ranges.size === 0 ? inside[0]!.slice.output[0]! : treeOf(inside, shape)
    if (is === undefined) return undefined
    parts.push({ size: range[1] - range[0], is })
    at = range[1]
  }
  const size = shape[axis] as number
  skipTo(size)
  // What is copied for nobody costs what the starts save.
  if (unread > size / 2) return undefined
  const inner = sum(parts.map(({ is }) => (is !== null && typeof is !== 'string' ? is.splits : 0)))
  return { axis, parts, splits: 1 + inner }
}
