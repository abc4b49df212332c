// Groups that break a condition of the engine's, repaired one condition after the other, until nothing more is found.
import type { Model } from '@whyslow/graph/model.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { Range } from '../write/choice.ts'
import { batchNormalizations } from './batchnorm.ts'
import { biases } from './biases.ts'
import { floatConstants } from './float-constants.ts'
import { floatReaders, outputQuantizers } from './output-from-int8.ts'
import { activationRanges, equalScales, zeroPoints } from './parameters.ts'
import { type QuantizedGraph, quantizedGraph, type Repair, selectDisjoint, withRepairs } from './quantized-graph.ts'

export interface RequantizedModel {
  readonly model: Model
  readonly changes: readonly string[]
  /** First outputs of the operators repaired. */
  readonly nodes: ReadonlySet<string>
}

interface KindOfRepair {
  readonly find: (quantized: QuantizedGraph, ranges: ReadonlyMap<string, Range>) => readonly Repair[]
  readonly says: (operators: number) => string
}

/** Repairs in this order: what changes a scale comes before the biases that depend on it. */
const REPAIRS: readonly KindOfRepair[] = [
  { find: zeroPoints, says: (n) => `zero points written out around ${count(n, 'operator')}` },
  { find: batchNormalizations, says: (n) => `${count(n, 'BatchNormalization')} folded into quantized convolutions` },
  { find: floatConstants, says: (n) => `the float constants of ${count(n, 'operator')} quantized` },
  { find: floatReaders, says: (n) => `float readers of ${count(n, 'output')} read it dequantized` },
  { find: outputQuantizers, says: (n) => `${count(n, 'output')} quantized over the range seen` },
  { find: activationRanges, says: (n) => `the zero point of ${count(n, 'activation')} moved to the lowest value` },
  { find: equalScales, says: (n) => `one scale around ${count(n, 'operator')} that only move numbers` },
  { find: biases, says: (n) => `${n === 1 ? '1 bias' : `${n} biases`} requantized to the scale of the product` },
]

/** A repair can uncover the next; each takes a condition away, so that few rounds settle it. */
const MOST_ROUNDS = 20

/** Undefined if no group breaks a condition that can be repaired. */
export function requantize(model: Model, ranges: ReadonlyMap<string, Range>): RequantizedModel | undefined {
  const repaired = new Map<KindOfRepair, Set<string>>()
  let at = model
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = at
    for (const kind of REPAIRS) {
      const quantized = quantizedGraph(at)
      const found = quantized === undefined ? [] : selectDisjoint(kind.find(quantized, ranges))
      if (found.length === 0) continue
      at = withRepairs(quantized!, found)
      const nodes = repaired.get(kind) ?? new Set()
      for (const repair of found) for (const node of repair.nodes) nodes.add(node)
      repaired.set(kind, nodes)
    }
    if (at === before) break
  }
  if (repaired.size === 0) return undefined
  const changes = [...repaired].map(([kind, nodes]) => kind.says(nodes.size))
  return { model: at, changes, nodes: new Set([...repaired.values()].flatMap((nodes) => [...nodes])) }
}
