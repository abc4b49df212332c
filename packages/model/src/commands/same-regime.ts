// What a check may hold side by side: processes that met the machine in one state. The time of a handoff between two threads tells
// the states apart, in which one and the same model takes up to three times as long.

import { median } from '@whyslow/measure/statistics/index.ts'
import { handoffNs, tellRegimes } from '@whyslow/measure/timing/regimes.ts'
import type { SetupRun } from '@whyslow/measure/timing/rounds.ts'
import type { LatencyBlock } from '@whyslow/measure/timing/types.ts'

export type BlockWithHandoff = Pick<LatencyBlock, 'p50Ms' | 'handoffBeforeNs' | 'handoffAfterNs'>

interface Sides<A, B> {
  readonly base: readonly A[]
  readonly own: readonly B[]
}

/** Fewer processes of a run that met several states have no interval. */
const LEAST = 2

/** Those of the regime that most of both runs are in; null if the two have none together. */
export function sameRegime<A extends BlockWithHandoff, B extends BlockWithHandoff>(
  base: readonly A[],
  own: readonly B[],
  threads: number,
): Sides<A, B> | null {
  const regimes = tellRegimes([...base, ...own], threads).map(({ regime }) => regime)
  const found = [...new Set(regimes)].flatMap((name) => {
    const [a, b] = [base.filter((_, i) => regimes[i] === name), own.filter((_, i) => regimes[base.length + i] === name)]
    const isEnough = a.length >= Math.min(LEAST, base.length) && b.length >= Math.min(LEAST, own.length)
    return name === 'changing-handoff' || !isEnough ? [] : [{ base: a, own: b }]
  })
  return found.sort((x, y) => y.base.length + y.own.length - x.base.length - x.own.length)[0] ?? null
}

/** The rounds of two setups that took turns, in the regime that most rounds are in; all rounds if no regime has a round of both. */
export function roundsAlike([base, own]: readonly SetupRun[], threads: number): Sides<LatencyBlock, LatencyBlock> {
  const rounds = base!.blocks.flatMap((block, i) => (block && own!.blocks[i] ? [[block, own!.blocks[i]!] as const] : []))
  const regimes = tellRegimes(rounds.flat(), threads).map(({ regime }) => regime)
  const counts = new Map<string, number>()
  const ofRound = rounds.map((_, i) => (regimes[2 * i] === regimes[2 * i + 1] ? regimes[2 * i]! : 'changing-handoff'))
  for (const regime of ofRound) if (regime !== 'changing-handoff') counts.set(regime, (counts.get(regime) ?? 0) + 1)
  const [chosen] = [...counts].sort(([, x], [, y]) => y - x)[0] ?? []
  const kept = chosen === undefined ? rounds : rounds.filter((_, i) => ofRound[i] === chosen)
  return { base: kept.map(([block]) => block), own: kept.map(([, block]) => block) }
}

/** Why the two runs cannot be held side by side. */
export function whyApart(base: readonly BlockWithHandoff[], own: readonly BlockWithHandoff[]): string {
  const took = (blocks: readonly BlockWithHandoff[]) =>
    `${Math.round(median(blocks.flatMap((block) => handoffNs(block) ?? [])))} ns`
  return (
    `a handoff between threads took ${took(base)} in the report's run and ${took(own)} in this one: the machine was in another state, ` +
    'in which the same model can take up to three times as long; measure the baseline again, or pair it with --baseline base.onnx'
  )
}
