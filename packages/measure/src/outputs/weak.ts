// Inputs on which a comparison says little: the original decides nothing on them, or always the same, so that no change could show. Made-up
// inputs often drive a network where it never works.
import type { GraphView } from '@whyslow/graph/types.ts'
import { bestOf, classesIn, decisionsIn } from './decisions.ts'
import type { Head } from './heads.ts'
import { makersOf } from './joined-parts.ts'
import { isRealFloat, type Numbers } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import { layoutOf } from './rows-each.ts'
import type { WeakOutput } from './types.ts'
import { NONE_BELOW } from './yes-no.ts'

/** Fewer decisions may be the same by chance. */
const LEAST_DECISIONS = 8
/** The share of the scale by which equal values may differ. */
const SAME = 1e-6
const ALL_YES = 0.99
const GIVES_SIZES = new Set(['Shape', 'Size'])

export function weakOutputs(
  all: readonly OutputPair[],
  heads: readonly Head[],
  graph: GraphView | undefined,
): readonly WeakOutput[] {
  const inHeads = new Set(heads.flatMap(({ scores }) => scores.map(({ output }) => output.name)))
  const found = heads.flatMap(weakHead)
  const others = all.flatMap((one): WeakOutput[] => {
    if (found.some(({ output }) => output === one.name)) return []
    const why =
      isConstant(one) && isOfInputs(one.name, graph)
        ? `is ${one.originalNumbers!.every(isNaNOnly) ? 'NaN' : 'the same'} for all ${one.original.length} inputs`
        : inHeads.has(one.name)
          ? null
          : sameDecision(one)
    return why === null ? [] : [{ output: one.name, why }]
  })
  return [...found, ...others]
}

/** Each output of scores, all its features together. */
function weakHead({ rows, scores }: Head): readonly WeakOutput[] {
  return scores.flatMap((part) => {
    if (part.maySayNo !== true) return []
    const { start, step } = layoutOf(part)
    let [least, most] = [Number.POSITIVE_INFINITY, 0]
    for (const numbers of part.output.originalNumbers!) {
      for (let row = 0; row < rows; row++) {
        const from = start(row)
        for (const feature of part.features) {
          const score = numbers[from + feature * step]!
          if (score < least) least = score
          if (score > most) most = score
        }
      }
    }
    const output = part.output.name
    if (most < NONE_BELOW) return [{ output, why: `finds nothing: its largest score is ${short(most)}` }]
    return least > ALL_YES ? [{ output, why: `says yes everywhere: its least score is ${short(least)}` }] : []
  })
}

const short = (value: number): string => String(Number(value.toPrecision(2)))

function isConstant({ original, originalNumbers, scale }: OutputPair): boolean {
  const [first, ...others] = originalNumbers ?? []
  if (first === undefined || others.length === 0 || first.length === 0 || !isRealFloat(original[0]!.dtype)) return false
  return others.every((one) => {
    if (one.length !== first.length) return false
    for (let k = 0; k < one.length; k++)
      if (!(Math.abs(one[k]! - first[k]!) <= SAME * scale) && !Object.is(one[k], first[k])) return false
    return true
  })
}

function isNaNOnly(values: Numbers): boolean {
  for (let k = 0; k < values.length; k++) if (!Number.isNaN(values[k])) return false
  return true
}

/** Whether the values of any input reach it, and not only their sizes: a detector may give its anchors as an output. */
function isOfInputs(output: string, graph: GraphView | undefined): boolean {
  if (graph === undefined) return true
  const makers = makersOf(graph)
  const [seen, open] = [new Set<string>(), [output]]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (seen.has(value)) continue
    seen.add(value)
    const node = makers.get(value)
    if (node === undefined) {
      if (value !== '' && graph.constants[value] === undefined) return true
    } else if (Object.keys(node.subgraphs).length > 0) return true
    else if (!GIVES_SIZES.has(node.opType)) open.push(...node.inputs)
  }
  return false
}

/** Where an output decides classes, or yes and no. */
function sameDecision(one: OutputPair): string | null {
  const { original, originalNumbers, meaning, selected } = one
  if (originalNumbers === null || selected !== undefined || (meaning.meaning !== 'scores' && meaning.meaning !== 'binary'))
    return null
  const made = new Set<number>()
  let count = 0
  for (const [sample, { shape }] of original.entries()) {
    const numbers = originalNumbers[sample]!
    const decisions = numbers.length === 0 ? 0 : decisionsIn(one, sample)
    count += decisions
    for (let row = 0; row < decisions; row++) {
      made.add(meaning.meaning === 'scores' ? bestOf(numbers, row, classesIn(shape)) : Number(numbers[row]! > meaning.threshold))
      if (made.size > 1) return null
    }
  }
  if (count < LEAST_DECISIONS) return null
  return meaning.meaning === 'scores'
    ? `decides for class ${[...made][0]} every time`
    : `says ${made.has(1) ? 'yes' : 'no'} every time`
}
