// The step `prove`: all that was kept against the untouched original once more, in new processes, with outputs compared again. What was
// kept predicts through the folder that it would be shipped in; the original as its user's own code calls the engine. At other sizes of the
// inputs, where the model leaves them open, it may not be slower, and at another batch its outputs have to be right.
import type { OutputCheck } from '@whyslow/measure/outputs/index.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { Judgement, SizeBench } from './bench.ts'
import { type Candidate, nameOf, worstEffect } from './candidates.ts'
import { rebuildSetup } from './drop.ts'
import { judge, whyNoGain } from './judge.ts'
import { costsLatency } from './latency-cost.ts'
import { removeKept, type SearchPlan, type SearchState } from './state.ts'

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

type Whole = Pick<SearchState, 'setup' | 'kept'>

interface Proven {
  readonly proof: Proof | null
  /** Why it is none. */
  readonly doubt: string | null
  /**
   * Whether what is left of it does not cost the same; null unless it serves the goal and ruins the time of a prediction, or costs time at other
   * sizes of the inputs or with other arrays.
   */
  readonly isCuredBy: ((rest: Whole) => Promise<boolean>) | null
}

/**
 * What makes predictions too slow is dropped, and the rest proven by itself; but for an engine that was taken last, in whose place others have a
 * turn. `isSecond`: something else was refused before.
 */
export async function prove(
  plan: SearchPlan,
  state: SearchState,
  { isSecond = false } = {},
): Promise<Pick<Proven, 'proof' | 'doubt'> & { readonly state: SearchState }> {
  const proven = await proveWhole(plan, state, isSecond)
  const { proof, doubt, isCuredBy } = proven
  const culprit = isCuredBy === null ? null : await culpritOf(plan, state, isCuredBy)
  if (culprit === null) return { proof, doubt, state }
  return prove(plan, removeKept(plan, state, { ...culprit, reason: doubt }), { isSecond: true })
}

/** What the others are cured without; if no single one cures them, a setting, or else what was kept last. null: nothing may be dropped. */
async function culpritOf(plan: SearchPlan, { kept }: SearchState, isCuredBy: (rest: Whole) => Promise<boolean>) {
  if (kept.length < 2 || kept.at(-1)!.remedy.kind === 'engine') return null
  const turnOf = ({ remedy }: Candidate) => (remedy.kind === 'settings' ? 0 : 1)
  const suspects = kept.filter(({ remedy }) => remedy.kind !== 'engine').reverse()
  const found: { readonly candidate: Candidate; readonly others: Whole }[] = []
  for (const candidate of suspects.sort((a, b) => turnOf(a) - turnOf(b))) {
    const others = await rebuildSetup(
      plan,
      kept.filter((one) => one !== candidate),
    )
    // What another one stands on stays with it.
    if (others === null) continue
    plan.onStep(`without ${nameOf(candidate)}`, 0, 1)
    if (await isCuredBy(others)) return { candidate, others }
    found.push({ candidate, others })
  }
  return found[0] ?? null
}

async function proveWhole(plan: SearchPlan, { setup, kept }: SearchState, isSecond: boolean): Promise<Proven> {
  const { bench, original } = plan
  plan.onStep('the whole against the original', 0, 1)
  const outputs = await bench.compare(setup, worstEffect(kept), 'shipped')
  let trial = await judge(bench, original, setup, isSecond ? FINAL_AGAIN : FINAL)
  // Not clear, but near: more pairs, judged again. Where it lost in a state of the machine, that stands.
  if (!isSecond && trial.outcome === 'measured' && isNear(trial.value)) trial = await judge(bench, original, setup, FINAL_AGAIN)
  if (trial.outcome !== 'measured')
    return { proof: null, doubt: `faster by itself, but the last proof failed: ${reasonInWords(trial)}`, isCuredBy: null }
  const judgement = trial.value
  const isFaster = outputs.ok && judgement.verdict === 'faster'
  const ruined = await costsLatency(plan, judgement, original, setup)
  const lost = isFaster && ruined === null ? await lossElsewhere(plan, { setup, kept }) : null
  const slower = ruined ?? lost?.reason ?? null
  const proven = isFaster && slower === null
  const why = !outputs.ok ? outputs.reason : (slower ?? whyNoGain(judgement))
  const doubt = proven ? null : `faster by itself, but not in the last proof: ${why}`
  const isCuredBy =
    lost !== null
      ? async (rest: Whole) => (await lossAt(plan, rest, lost.size)) === null
      : ruined !== null || judgement.losesWithArrays === true
        ? (rest: Whole) => isFasterWhole(plan, rest)
        : null
  return { proof: { judgement, outputs, proven }, doubt, isCuredBy }
}

/** Whether it is faster with the inputs given, with arrays of either kind, and does not ruin the time of a prediction. */
async function isFasterWhole(plan: SearchPlan, { setup }: Whole): Promise<boolean> {
  const { bench, original } = plan
  const trial = await judge(bench, original, setup, FINAL)
  if (trial.outcome !== 'measured' || trial.value.verdict !== 'faster') return false
  return (await costsLatency(plan, trial.value, original, setup)) === null
}

/** The first other size of the inputs for which the change is none, and why; null: nothing is against it. */
async function lossElsewhere(
  plan: SearchPlan,
  whole: Whole,
): Promise<{ readonly size: SizeBench; readonly reason: string } | null> {
  const { bench, evidence } = plan
  const isOfTime = evidence.goal === 'latency' || evidence.goal === 'throughput'
  if (bench.sizes === undefined || !isOfTime || whole.setup.batchFactor !== 1) return null
  for (const size of await bench.sizes()) {
    const reason = await lossAt(plan, whole, size)
    if (reason !== null) return { size, reason }
  }
  return null
}

async function lossAt(
  plan: SearchPlan,
  { setup, kept }: Whole,
  { text, outputsAlone, ...at }: SizeBench,
): Promise<string | null> {
  const { bench, original } = plan
  const effect = worstEffect(kept)
  plan.onStep(`at another size: ${text}`, 0, 1)
  const { ok, reason, agreement } = await at.compare(setup, effect, 'shipped')
  // What a loss is was shown on the inputs given; made-up ones of another size say nothing of it.
  const isAllowed = ok || (effect === 'approximate' && agreement?.mismatch === null)
  if (!isAllowed) return `at ${text}: ${reason}`
  if (outputsAlone) return null
  const own = { ...bench, ...at }
  let trial = await judge(own, original, setup, FINAL)
  if (trial.outcome === 'measured' && isLoss(trial.value)) trial = await judge(own, original, setup, FINAL_AGAIN)
  if (trial.outcome !== 'measured') return `at ${text}: ${reasonInWords(trial)}`
  return isLoss(trial.value) ? `at ${text} it takes ${(1 / trial.value.speedup).toFixed(2)} times as long` : null
}

const isLoss = ({ verdict, speedup }: Judgement): boolean => verdict === 'slower' || speedup < LEAST_ELSEWHERE

const isNear = ({ verdict, speedup, reason }: Judgement): boolean =>
  reason === null && verdict === 'no-difference' && speedup > WORTH_MORE_PAIRS
