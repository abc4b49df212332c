// Decisions taken from outputs: the class of a row, yes or no, a label. The same, or different where the original was as good as tied?

import type { GraphView } from '@whyslow/graph/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { elementCount, elementOf } from '../samples/dtype-arrays.ts'
import { classAxis, isChosen, makerOf } from './meaning.ts'
import type { Numbers } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import type { DecisionsCompared } from './types.ts'

/** Per sample and row: were the two best classes closer than rounding in the original? */
type Ties = readonly (readonly boolean[])[]

/** How many decisions are not the same, and were no tie. `ties`: for labels, where another output tells. */
export function compareDecisions(one: OutputPair, ties: Ties | null): DecisionsCompared {
  let differing = 0
  const rows = one.original.map((_, sample) => rowsIn(one, sample))
  rows.forEach((count, sample) => {
    for (let row = 0; row < count; row++) if (!decidesSame(one, sample, row) && !ties?.[sample]?.[row]) differing++
  })
  return { rows: sum(rows), differing }
}

/** Decisions of outputs that are equal. */
export const sameDecisions = (one: OutputPair): DecisionsCompared => ({
  rows: sum(one.original.map((_, sample) => rowsIn(one, sample))),
  differing: 0,
})

/** Empty tensors decide nothing. */
const rowsIn = (one: OutputPair, sample: number): number =>
  elementCount(one.original[sample]!.shape) === 0 ? 0 : decisionsIn(one, sample)

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

/**
 * Of the scores or probabilities that decide the label, found by the graph, else by their number of rows; null if there are none.
 */
export function tiesOf(label: OutputPair, all: readonly OutputPair[], graph: GraphView | undefined): Ties | null {
  const chosen = graph === undefined ? null : chosenFrom(label, all, graph)
  if (chosen !== null) return chosen
  const deciding = all.find(
    (other) =>
      (other.meaning.meaning === 'scores' || other.meaning.meaning === 'binary') &&
      label.original.every((_, sample) => decisionsIn(other, sample) === decisionsIn(label, sample)),
  )
  if (deciding === undefined) return null
  return label.original.map((_, sample) =>
    Array.from({ length: decisionsIn(deciding, sample) }, (_, row) => isTie(deciding, sample, row)),
  )
}

/** What grows with what it reads, along the axis that a decision is taken on. */
const MONOTONE = new Set(['Softmax', 'LogSoftmax', 'Sigmoid', 'Identity', 'Cast'])

/** Where ArgMax or ArgMin reads an output, or what makes one. */
function chosenFrom(label: OutputPair, all: readonly OutputPair[], graph: GraphView): Ties | null {
  const node = makerOf(graph, label.name)
  if (node === undefined || !isChosen(node)) return null
  const roots = rootsOf(node.inputs[0] ?? '', graph)
  const read = all.find(
    ({ name, original }) => original[0]!.dtype.startsWith('float') && rootsOf(name, graph).some((one) => roots.includes(one)),
  )
  if (read === undefined) return null
  const axis = typeof node.attributes.axis === 'number' ? node.attributes.axis : 0
  const sign = node.opType === 'ArgMax' ? 1 : -1
  const ties = label.original.map((_, sample) => tiesAlong(read, sample, axis, sign))
  return ties.every((one, sample) => one.length === decisionsIn(label, sample)) ? ties : null
}

/** The value and those that it grows with. */
function rootsOf(value: string, graph: GraphView): readonly string[] {
  const roots = [value]
  // A graph that goes in a circle is damaged.
  while (new Set(roots).size === roots.length) {
    const node = graph.nodes.find(({ outputs }) => outputs.includes(roots.at(-1)!))
    if (node === undefined || node.domain !== '' || !MONOTONE.has(node.opType)) break
    roots.push(node.inputs[0] ?? '')
  }
  return roots
}

function tiesAlong(
  { original, originalNumbers, tie }: OutputPair,
  sample: number,
  axis: number,
  sign: number,
): readonly boolean[] {
  const { shape } = original[sample]!
  const at = axisFromFront(axis, shape.length)
  const [classes, inner] = [shape[at] ?? 1, elementCount(shape.slice(at + 1))]
  const values = originalNumbers![sample]!
  return Array.from({ length: elementCount(shape) / classes }, (_, row) => {
    const start = Math.floor(row / inner) * classes * inner + (row % inner)
    let [best, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let k = 0; k < classes; k++) {
      const value = sign * values[start + k * inner]!
      if (value > best) [best, second] = [value, best]
      else if (value > second) second = value
    }
    return best - second <= tie
  })
}

/** How many numbers a row of scores has. */
export const classesIn = (shape: readonly number[]): number => shape[classAxis(shape)] ?? 1

/** How many decisions a sample of this output holds. */
export function decisionsIn({ original, meaning }: OutputPair, sample: number): number {
  const { shape } = original[sample]!
  return meaning.meaning === 'scores' ? elementCount(shape) / classesIn(shape) : elementCount(shape)
}

/** Place of the largest number of a row of `classes`, the first of equal ones; NaN is never it. */
export function bestOf(values: Numbers, row: number, classes: number): number {
  let best = row * classes
  for (let k = best + 1; k < (row + 1) * classes; k++) {
    if (values[k]! > values[best]! || Number.isNaN(values[best])) best = k
  }
  return best - row * classes
}

function decidesSame(
  { original, candidate, originalNumbers, candidateNumbers, meaning, tie }: OutputPair,
  sample: number,
  row: number,
) {
  const tensor = original[sample]!
  if (meaning.meaning === 'label') {
    if (tensor.dtype === 'string') return tensor.data[row as never] === candidate[sample]!.data[row as never]
    return elementOf(tensor, row) === elementOf(candidate[sample]!, row)
  }
  const [a, b] = [originalNumbers![sample]!, candidateNumbers![sample]!]
  if (meaning.meaning === 'binary') {
    const isClose = Math.abs(a[row]! - meaning.threshold) <= tie / 2
    return isClose || a[row]! > meaning.threshold === b[row]! > meaning.threshold
  }
  const classes = classesIn(tensor.shape)
  const [before, after] = [bestOf(a, row, classes), bestOf(b, row, classes)]
  return before === after || a[row * classes + before]! - a[row * classes + after]! <= tie
}

function isTie({ original, originalNumbers, meaning, tie }: OutputPair, sample: number, row: number): boolean {
  const values = originalNumbers![sample]!
  if (meaning.meaning === 'binary') return Math.abs(values[row]! - meaning.threshold) <= tie / 2
  const classes = classesIn(original[sample]!.shape)
  const best = bestOf(values, row, classes)
  const from = row * classes
  for (let k = 0; k < classes; k++) if (k !== best && values[from + best]! - values[from + k]! <= tie) return true
  return false
}
