// Large products with constant weights through a narrow middle: x W becomes (x A) B with A [K, r], B [r, N], the best approximation of
// W in the sum of squares (Eckart and Young, https://doi.org/10.1007/BF02288367). Fewer operations and fewer bytes of weights, at the
// price of a second product; the rank is the least that keeps a stated share of the squares.

import { floatTensor, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { floatsOf, sum } from '@whyslow/graph/rewrite/floats.ts'
import { type Linear, linearOf } from '@whyslow/graph/rewrite/linear.ts'
import {
  keptShareBound,
  type LowRankFactors,
  lowRankFactors,
  lowRankFactorsFlops,
} from '@whyslow/graph/rewrite/low-rank-factors.ts'
import { isOperator, type Matching, matchGraph, type Replacement, rewriteGraphs } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy, type Proposal, type RemedyEvidence } from '../kit/remedy.ts'
import { timesOf } from '../kit/unfused.ts'

/** Smaller matrices cost little more than their start. */
const LEAST_ELEMENTS = 256 * 256
const LEAST_SIDE = 64

/** The factors may hold at most this share of the matrix, or the second start eats what the first saves. */
const LARGEST_SHARE = 0.6

/** Ranks in whole vectors of the widest units, 16 float32. */
const RANK_STEP = 16

/** Shares of the sum of squares that are kept, from careful to bold. */
const KEPT = [0.99, 0.95, 0.9]

/** About 15 seconds; matrices beyond it are left unchanged, the largest go first. */
const MOST_FLOPS = 1.5e10

export const lowRank = defineRemedy({
  id: 'low-rank',
  title: 'Large weights become the product of two thin matrices',
  treats: ['compute-bound-operators', 'memory-bound-operators'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'size'],
  apply(setup, evidence) {
    const { graph } = setup.model.proto
    if (evidence.constraints.maxLoss === null || graph === undefined) return []
    const factored = factorize(matchGraph(setup.model, graph))
    const seen = new Set<string>()
    return KEPT.flatMap((kept): Proposal[] => {
      const ranks = new Map<string, number>()
      for (const [weights, { linear, found }] of factored) {
        const rank = rankFor(found, kept, largestRank(linear))
        if (rank !== undefined) ranks.set(weights, rank)
      }
      const identity = JSON.stringify([...ranks])
      if (ranks.size === 0 || seen.has(identity)) return []
      seen.add(identity)
      const rewritten = rewriteGraphs(setup.model, (matching, fresh) =>
        matching.graph !== graph ? [] : replacements(matching, factored, ranks, fresh),
      )
      if (rewritten === undefined) return []
      const { model, replaced } = rewritten
      const [least, most] = [Math.min(...ranks.values()), Math.max(...ranks.values())]
      const shown = least === most ? `rank ${least}` : `ranks ${least} to ${most}`
      return [
        {
          variant: String(kept),
          setup: { ...setup, model },
          changes: [
            `${count(replaced.length, 'large product')} through ${shown}, keeping ${kept * 100} % of the squares of the weights`,
          ],
          predictedSavingMs: savingOf(evidence, replaced),
        },
      ]
    })
  },
})

interface Factored {
  readonly linear: Linear
  readonly found: LowRankFactors
}

/** The largest rank at which the factors are small enough; below 1 there is none. */
function largestRank({ shape }: Linear): number {
  const [a, b] = [shape[0]!, shape[1]!]
  return Math.ceil((LARGEST_SHARE * a * b) / (a + b)) - 1
}

/** The large matrices of this graph, the largest first, as far as the work allows; keyed by name of the weights. */
function factorize(matching: Matching): ReadonlyMap<string, Factored> {
  const linears = new Map<string, Linear>()
  for (const one of matching.graph.node) {
    const linear = linearOf(matching, one)
    if (linear === undefined || linear.kind === 'Conv' || isFactor(matching, linear)) continue
    const [rows, columns] = [linear.shape[0]!, linear.shape[1]!]
    if (rows * columns >= LEAST_ELEMENTS && Math.min(rows, columns) >= LEAST_SIDE) linears.set(linear.weights, linear)
  }
  const largest = [...linears.values()].sort((a, b) => b.shape[0]! * b.shape[1]! - a.shape[0]! * a.shape[1]!)
  const found = new Map<string, Factored>()
  let flops = 0
  for (const linear of largest) {
    const [rows, columns] = [linear.shape[0]!, linear.shape[1]!]
    const values = floatsOf(matching, linear.weights)
    if (values === undefined || !values.every((one) => Number.isFinite(one))) continue
    flops += 2 * rows * columns * Math.min(rows, columns)
    if (keptShareBound(values, rows, columns, largestRank(linear)) < KEPT.at(-1)!) continue
    flops += lowRankFactorsFlops(rows, columns, largestRank(linear))
    if (flops > MOST_FLOPS) break
    found.set(linear.weights, { linear, found: lowRankFactors(values, rows, columns, largestRank(linear)) })
  }
  return found
}

/** One of two products in a row already. */
function isFactor(matching: Matching, { x, node: one }: Linear): boolean {
  return [matching.producer(x), matching.onlyReader(one)].some((other) => isOperator(other, 'MatMul', 'Gemm'))
}

function rankFor({ keptEnergy }: LowRankFactors, kept: number, largest: number): number | undefined {
  const least = keptEnergy.findIndex((share) => share >= kept) + 1
  if (least === 0) return undefined
  const rank = RANK_STEP * Math.ceil(least / RANK_STEP)
  return rank <= largest ? rank : least <= largest ? least : undefined
}

interface Narrowed extends Replacement {
  /** Elements of the factors over those of the matrix. */
  readonly share: number
}

function replacements(
  matching: Matching,
  factored: ReadonlyMap<string, Factored>,
  ranks: ReadonlyMap<string, number>,
  fresh: (hint: string) => string,
): readonly Narrowed[] {
  const made = new Map<string, { readonly left: string; readonly right: string }>()
  return matching.graph.node.flatMap((one): Narrowed[] => {
    const linear = linearOf(matching, one)
    const rank = linear && ranks.get(linear.weights)
    if (linear === undefined || rank === undefined) return []
    const { weights, shape } = linear
    const [rows, columns] = [shape[0]!, shape[1]!]
    const known = made.get(weights)
    const names = known ?? { left: fresh(`${weights}_left`), right: fresh(`${weights}_right`) }
    made.set(weights, names)
    const { left, right } = factored.get(weights)!.found.factors(rank)
    const initializers = known
      ? []
      : [floatTensor(names.left, [rows, rank], left), floatTensor(names.right, [rank, columns], right)]
    return [
      {
        parts: [one],
        share: (rank * (rows + columns)) / (rows * columns),
        remove: new Set([one]),
        add: twoProducts(linear, names, fresh),
        addInitializers: initializers,
      },
    ]
  })
}

/** W = left right; of a Gemm with transB the weights are [N, K], so that x W' = (x right') left'. */
function twoProducts(
  { node: one, kind, x, outputAxis }: Linear,
  { left, right }: { left: string; right: string },
  fresh: (hint: string) => string,
): NodeProto[] {
  const middle = fresh(`${one.output[0]!}_middle`)
  const name = fresh(`${one.name || one.output[0]!}_narrow`)
  const [first, second] = outputAxis === 0 ? [right, left] : [left, right]
  if (kind === 'MatMul')
    return [node({ opType: 'MatMul', name }, [x, first], [middle]), copyWith(one, { input: [middle, second] })]
  const transB = outputAxis === 0 ? 1 : 0
  const inputs = [middle, second, ...one.input.slice(2)]
  return [node({ opType: 'Gemm', name }, [x, first], [middle], { transB }), copyWith(one, { input: inputs })]
}

/** The products' time by the share of the weights that goes. */
function savingOf(evidence: RemedyEvidence, replaced: readonly Narrowed[]): number | null {
  if (evidence.profile === undefined) return null
  const savings = replaced.map((one) => sum(timesOf(evidence, one.parts)) * (1 - one.share))
  return Math.min(sum(savings), evidence.p50Ms)
}
