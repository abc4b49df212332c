// The step `prove`: all that was kept against the untouched original once more, in new processes, with outputs compared anew. What was
// kept predicts through the folder that it would be shipped in; the original as its user's own code calls the engine. At other sizes of the
// inputs, where the model leaves them open, it may not be slower.
import type { OutputCheck } from '@whyslow/measure/outputs/index.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import type { Judgement } from './bench.ts'
import { type Candidate, worstEffect } from './candidates.ts'
import { rebuilt } from './drop.ts'
import { judge, whyNoGain } from './judge.ts'
import { costsLatency } from './latency-cost.ts'
import { type SearchPlan, type SearchState, withoutKept } from './state.ts'

const FINAL = { looks: [6], stopEarly: false, level: 95, deadlineMs: null } as const
/** A second look, or a second choice, that stands alone asks for more, so that two are not two chances. */
const FINAL_AGAIN = { ...FINAL, looks: [12], level: 98 } as const
/** An unclear speed-up below this is not worth the time of more pairs. */
const WORTH_MORE_PAIRS = 1.02

/** A speed-up below this at another size is a loss, if twelve more pairs show it again. */
const LEAST_ELSEWHERE = 0.99

export interface Proof {
  readonly judgement: Judgement
  readonly outputs: OutputCheck
  readonly proven: boolean
}

/** `doubt`: why it is none; `tooSlow`: it serves the goal and ruins the time of a prediction, or it costs time at other sizes of the inputs or with other arrays. */
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
  const isFaster = outputs.ok && judgement.verdict === 'faster'
  const slower =
    (await costsLatency(plan, judgement, original, setup)) ?? (isFaster ? await losesAtOtherSizes(plan, setup, kept) : null)
  const proven = isFaster && slower === null
  const why = !outputs.ok ? outputs.reason : (slower ?? whyNoGain(judgement))
  const doubt = proven ? null : `faster by itself, but not in the last proof: ${why}`
  return { proof: { judgement, outputs, proven }, doubt, tooSlow: slower !== null || judgement.losesWithArrays === true }
}

/** Why the change is none for other sizes of the inputs; null: nothing is against it. */
async function losesAtOtherSizes(plan: SearchPlan, setup: RemedySetup, kept: readonly Candidate[]): Promise<string | null> {
  const { bench, original, evidence } = plan
  const isOfTime = evidence.goal === 'latency' || evidence.goal === 'throughput'
  if (bench.sizes === undefined || !isOfTime || setup.batchFactor !== 1) return null
  const effect = worstEffect(kept)
  for (const { text, ...at } of await bench.sizes()) {
    plan.onStep(`at another size: ${text}`, 0, 1)
    const { ok, reason, agreement } = await at.compare(setup, effect, 'shipped')
    // What a loss is was shown on the inputs given; made-up ones of another size say nothing of it.
    const isAllowed = ok || (effect === 'approximate' && agreement?.mismatch === null)
    if (!isAllowed) return `at ${text}: ${reason}`
    const own = { ...bench, ...at }
    let trial = await judge(own, original, setup, FINAL)
    if (trial.outcome === 'measured' && isLoss(trial.value)) trial = await judge(own, original, setup, FINAL_AGAIN)
    if (trial.outcome !== 'measured') return `at ${text}: ${reasonInWords(trial)}`
    if (isLoss(trial.value)) return `at ${text} it takes ${(1 / trial.value.speedup).toFixed(2)} times as long`
  }
  return null
}

const isLoss = ({ verdict, speedup }: Judgement): boolean => verdict === 'slower' || speedup < LEAST_ELSEWHERE

const isNear = ({ verdict, speedup, reason }: Judgement): boolean =>
  reason === null && verdict === 'no-difference' && speedup > WORTH_MORE_PAIRS
