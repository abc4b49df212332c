// The step `prove`: all that was kept against the untouched original once more, in new processes, with outputs compared anew. What was
// kept predicts through the folder that it would be shipped in; the original as its user's own code calls the engine.
import type { OutputCheck } from '@whyslow/measure/outputs/index.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { Judgement } from './bench.ts'
import { worstEffect } from './candidates.ts'
import { rebuilt } from './drop.ts'
import { judge, whyNoGain } from './judge.ts'
import { costsLatency } from './latency-cost.ts'
import { type SearchPlan, type SearchState, withoutKept } from './state.ts'

const FINAL = { looks: [6], stopEarly: false, level: 95, deadlineMs: null } as const
/** A second look, or a second choice, that stands alone asks for more, so that two are not two chances. */
const FINAL_AGAIN = { ...FINAL, looks: [12], level: 98 } as const
/** An unclear speed-up below this is not worth the time of more pairs. */
const WORTH_MORE_PAIRS = 1.02

export interface Proof {
  readonly judgement: Judgement
  readonly outputs: OutputCheck
  readonly proven: boolean
}

/** `doubt`: why it is none; `tooSlow`: it serves the goal and ruins the time of a prediction. */
interface Proven {
  readonly proof: Proof | null
  readonly doubt: string | null
  readonly tooSlow: boolean
}

/**
 * What only together makes predictions too slow is dropped, last kept first, and the rest proven by itself; but for an engine, in whose place
 * others have a turn. `isSecond`: something else was refused before.
 */
export async function prove(
  plan: SearchPlan,
  state: SearchState,
  { isSecond = false } = {},
): Promise<Pick<Proven, 'proof' | 'doubt'> & { readonly state: SearchState }> {
  const proven = await proveWhole(plan, state, isSecond)
  const { proof, doubt, tooSlow } = proven
  const last = state.kept.at(-1)!
  const others =
    tooSlow && state.kept.length > 1 && last.remedy.kind !== 'engine' ? await rebuilt(plan, state.kept.slice(0, -1)) : null
  if (others === null) return { proof, doubt, state }
  return prove(plan, withoutKept(plan, state, { candidate: last, others, reason: doubt }), { isSecond })
}

async function proveWhole(plan: SearchPlan, { setup, kept }: SearchState, isSecond: boolean): Promise<Proven> {
  const { bench, original } = plan
  plan.onStep('the whole against the original', 0, 1)
  const outputs = await bench.compare(setup, worstEffect(kept), 'shipped')
  let trial = await judge(bench, original, setup, isSecond ? FINAL_AGAIN : FINAL)
  // Not clear, but near: more pairs, judged anew. Where it lost in a state of the machine, that stands.
  if (!isSecond && trial.outcome === 'measured' && isNear(trial.value)) trial = await judge(bench, original, setup, FINAL_AGAIN)
  if (trial.outcome !== 'measured')
    return { proof: null, doubt: `faster by itself, but the last proof failed: ${reasonInWords(trial)}`, tooSlow: false }
  const judgement = trial.value
  const slower = await costsLatency(plan, judgement, original, setup)
  const proven = outputs.ok && judgement.verdict === 'faster' && slower === null
  const why = !outputs.ok ? outputs.reason : (slower ?? whyNoGain(judgement))
  const doubt = proven ? null : `faster by itself, but not in the last proof: ${why}`
  return { proof: { judgement, outputs, proven }, doubt, tooSlow: slower !== null }
}

const isNear = ({ verdict, speedup, reason }: Judgement): boolean =>
  reason === null && verdict === 'no-difference' && speedup > WORTH_MORE_PAIRS
