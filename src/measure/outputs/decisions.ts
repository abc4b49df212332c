// Decisions taken from outputs: the class of a row, yes or no, a label. The same, or different where the original was as good as tied?
import { elementCount, elementOf } from '../samples/dtype-arrays.ts'
import type { Compared } from './compared.ts'
import type { Numbers } from './numbers.ts'

/** Per sample and row: were the two best classes closer than rounding in the original? */
type Ties = readonly (readonly boolean[])[]

/** Share of decisions that are the same, or were a tie; 1 for none. `ties`: for labels, where another output tells. */
export function compareDecisions(one: Compared, ties: Ties | null): number {
  let [agree, rows] = [0, 0]
  one.original.forEach((tensor, sample) => {
    const count = decisionsIn(one, sample)
    rows += count
    for (let row = 0; row < count; row++) if (decidesSame(one, sample, row) || ties?.[sample]?.[row]) agree++
    // Empty tensors decide nothing.
    if (elementCount(tensor.shape) === 0) rows -= count
  })
  return rows === 0 ? 1 : agree / rows
}

/** Of the scores or probabilities that decide the label, found by their number of rows; null where there are none. */
export function tiesOf(label: Compared, all: readonly Compared[]): Ties | null {
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

/** How many decisions a sample of this output holds. */
export function decisionsIn({ original, meaning }: Compared, sample: number): number {
  const { shape } = original[sample]!
  return meaning.meaning === 'scores' ? elementCount(shape.slice(0, -1)) : elementCount(shape)
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
  { original, candidate, originalNumbers, candidateNumbers, meaning, tie }: Compared,
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
  const classes = tensor.shape.at(-1)!
  const [before, after] = [bestOf(a, row, classes), bestOf(b, row, classes)]
  return before === after || a[row * classes + before]! - a[row * classes + after]! <= tie
}

function isTie({ original, originalNumbers, meaning, tie }: Compared, sample: number, row: number): boolean {
  const values = originalNumbers![sample]!
  if (meaning.meaning === 'binary') return Math.abs(values[row]! - meaning.threshold) <= tie / 2
  const classes = original[sample]!.shape.at(-1)!
  const best = bestOf(values, row, classes)
  const from = row * classes
  for (let k = 0; k < classes; k++) if (k !== best && values[from + best]! - values[from + k]! <= tie) return true
  return false
}
