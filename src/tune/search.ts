// Which remedies together. Single ones first, as the diagnosis ranks them; then greedy growth, since remedies interact (threads change
// after a rewrite); then backward, dropping what no longer pays; then the whole against the untouched original once more.
import { firstLineOf } from '../graph/input-error.ts'
import type { OutputCheck } from '../measure/outputs/index.ts'
import { geometricMean } from '../measure/timing/statistics.ts'
import type { Effect, Proposal, Remedy, RemedyEvidence, RemedySetup, RemedyTools } from '../rewrite/remedy.ts'
import { reasonInWords, type Trial } from '../trials/port.ts'
import { type Candidate, isAllowed, nameOf, type Only, propose, proposeAgain } from './candidates.ts'
import type { Ground } from './ground.ts'
import { countOf, judge, WORTHWHILE } from './judge.ts'
import type { Judgement } from './judgement.ts'
import { promising, type Screened, screen } from './screen.ts'
import { type Tried, tried } from './tried.ts'

export interface SearchPlan {
  readonly ground: Ground
  readonly remedies: readonly Remedy[]
  readonly original: RemedySetup
  readonly evidence: RemedyEvidence
  readonly tools: RemedyTools
  readonly only: Only
  /** Of the search; the last proof comes on top. */
  readonly budgetMs: number
  /** Nothing is measured: what would be tried is all that is told. */
  readonly dryRun: boolean
  readonly onTried: (one: Tried) => void
  readonly onStep: (step: string, done: number, of: number) => void
}

export interface Proof {
  readonly judgement: Judgement
  readonly outputs: OutputCheck
  readonly proven: boolean
}

export interface Found {
  /** The original's where nothing is proven. */
  readonly setup: RemedySetup
  readonly kept: readonly Candidate[]
  readonly tried: readonly Tried[]
  /** Names of candidates that the budget left no time for. */
  readonly untried: readonly string[]
  /** Of the kept together against the original; null where nothing was kept. */
  readonly proof: Proof | null
}

const GROWTH = { least: 3, most: 12, stopEarly: true, level: 99 } as const
const BACKWARD = { least: 2, most: 4, stopEarly: true, level: 99 } as const
const FINAL = { least: 6, most: 6, stopEarly: false, level: 95 } as const
/** A second look that stands alone asks for more, so that two looks are not two chances. */
const FINAL_AGAIN = { least: 12, most: 12, stopEarly: false, level: 99 } as const
/** A remedy for load time, memory or size may not cost more latency than this. */
const LATENCY_LIMIT = 1.1
/** Rounds of four readings that such a cost is judged by, unless it is seen to be below this. */
const PACE_ROUNDS = 3
const CLEARLY_NO_COST = 1.05
/** A first look this far above the base need not be repeated in a later run. */
const CLEARLY_NO_GAIN = 1.05
/** Of the budget: rewrites come first, and what screening leaves goes to growth. */
const SCREEN_SHARE = 0.55
/** Of the budget, for all before the late remedies; and, once those have proposed, for judging them at least. */
const EARLY_SHARE = 0.45
const LATE_SHARE = 0.35

/** `doubt`: why it is none; `tooSlow`: it serves the goal and ruins the time of a prediction. */
interface Proven {
  readonly proof: Proof | null
  readonly doubt: string | null
  readonly tooSlow: boolean
}

export async function search(plan: SearchPlan): Promise<Found> {
  const { ground, original, evidence, tools } = plan
  const rows: Tried[] = []
  const add = (one: Tried) => {
    rows.push(one)
    plan.onTried(one)
  }
  const remedies = plan.remedies.filter((one) => isAllowed(one, evidence.goal, evidence.wishes.maxLoss, plan.only))
  const start = ground.nowMs()
  const late = remedies.filter((one) => one.late)
  const early = remedies.filter((one) => !one.late)
  let end = start + plan.budgetMs * (late.length > 0 ? EARLY_SHARE : 1)
  const untried: string[] = []
  const done = new Set<string>()
  /** Remedies that proposed nothing for the original. */
  const idle = new Set<Remedy>()
  /** Ids of what served the goal and made predictions too slow: asked again, noise would have a second chance. */
  const costly = new Set<string>()

  let current = original
  let kept: Candidate[] = []
  const first = await round(current, early, start + (end - start) * SCREEN_SHARE)
  for (const candidate of first) await grow(candidate)
  // What a rewrite changes may make another setting pay, and uncover what others rewrite.
  const rewritten = kept.some(({ remedy }) => remedy.kind === 'rewrite')
  if (rewritten && ground.nowMs() < end) {
    const again = early.filter((one) => (one.kind === 'settings' || idle.has(one)) && !isKept(one) && !costly.has(one.id))
    const left = ground.nowMs() + (end - ground.nowMs()) * SCREEN_SHARE
    for (const candidate of await round(current, again, left)) await grow(candidate)
  }
  if (late.length > 0) {
    end = start + plan.budgetMs
    for (const candidate of await round(current, late, Number.POSITIVE_INFINITY)) await grow(candidate)
    // What they left of the budget is for those that had no turn before them.
    const rest = early.filter((one) => !isKept(one) && !rows.some(({ remedies: [id] }) => id === one.id))
    const until = ground.nowMs() + (end - ground.nowMs()) * SCREEN_SHARE
    if (ground.nowMs() < end) for (const candidate of await round(current, rest, until)) await grow(candidate)
  }
  if (kept.length > 1) await shrink()
  const { proof, doubt } = kept.length > 0 ? await proveMost() : { proof: null, doubt: null }
  const left = untried.filter((name, at) => untried.indexOf(name) === at && !rows.some((row) => row.name === name))
  if (proof?.proven) return { setup: current, kept, tried: rows, untried: left, proof }
  const refused = rows.map((row) => (row.kept ? { ...row, kept: false, reason: doubt } : row))
  return { setup: original, kept: [], tried: refused, untried: left, proof }

  function isKept({ id }: Remedy): boolean {
    return kept.some(({ remedy }) => remedy.id === id)
  }

  /** Candidates on this setup that a first look finds promising, best first. */
  async function round(base: RemedySetup, among: readonly Remedy[], deadlineMs: number): Promise<Candidate[]> {
    const { candidates, failed, idle: none } = await propose(among, base, evidence, tools)
    // What they measured of their own is not taken from what judges them.
    if (deadlineMs === Number.POSITIVE_INFINITY) end = Math.max(end, ground.nowMs() + plan.budgetMs * LATE_SHARE)
    for (const one of none) idle.add(one)
    for (const { remedy, reason } of failed) {
      if (!done.has(remedy.id)) add({ ...tried(asCandidate(remedy, base), 'failed', reason) })
      done.add(remedy.id)
    }
    const fresh = distinct(candidates, base)
    if (plan.dryRun) {
      untried.push(...fresh.map(nameOf))
      return []
    }
    const right: Candidate[] = []
    const known: { readonly candidate: Candidate; readonly ratio: number }[] = []
    for (const candidate of fresh) {
      const before = await ground.recall?.(base, candidate.proposal.setup)
      if (before?.kind === 'look') {
        const told = `no gain in an earlier run (${(1 / before.ratio).toFixed(2)}×)`
        add(tried(candidate, 'no-difference', told, guess(candidate)))
        continue
      }
      if (before?.kind === 'judgement') {
        known.push({ candidate, ratio: 1 / before.judgement.speedup })
        continue
      }
      if (ground.nowMs() > deadlineMs) {
        untried.push(nameOf(candidate))
        continue
      }
      if (candidate.remedy.kind !== 'rewrite' || (await outputsAgree(candidate))) right.push(candidate)
    }
    const read = await screen(
      ground,
      base,
      right.map(({ proposal }) => ({ setup: proposal.setup, expected: expectedShare(proposal) })),
      deadlineMs,
      (k, of) => plan.onStep('a first look at what may help', k, of),
    )
    for (const one of read) if (!promising(one)) await report(base, right[one.index]!, one)
    // A reading that others disturbed does not put off what much is expected of.
    const seen = read.filter(promising).map(({ index, ratios, expected }) => {
      return { candidate: right[index]!, ratio: geometricMean(ratios) * (1 - expected / 2) }
    })
    return [...seen, ...known].sort((a, b) => a.ratio - b.ratio).map(({ candidate }) => candidate)
  }

  async function report(base: RemedySetup, candidate: Candidate, { ratios, failure }: Screened): Promise<void> {
    if (failure !== null) {
      add(tried(candidate, 'failed', reasonInWords(failure)))
      return
    }
    if (ratios.length === 0) {
      untried.push(nameOf(candidate))
      return
    }
    const ratio = geometricMean(ratios)
    const looks = ratios.length === 1 ? 'a first look' : `${ratios.length} looks`
    if (ratio >= CLEARLY_NO_GAIN) await ground.remember?.(base, candidate.proposal.setup, { kind: 'look', ratio })
    add(tried(candidate, 'no-difference', `no gain in ${looks} (${(1 / ratio).toFixed(2)}×)`, guess(candidate)))
  }

  async function outputsAgree(candidate: Candidate): Promise<boolean> {
    plan.onStep(`comparing outputs: ${nameOf(candidate)}`, 0, 1)
    const outputs = await ground.compare(candidate.proposal.setup, worstEffect([candidate]))
    if (!outputs.ok) add(tried(candidate, 'rejected', outputs.reason, { agreement: outputs.agreement, ...guess(candidate) }))
    return outputs.ok
  }

  async function grow(candidate: Candidate): Promise<void> {
    const taken = kept.find(({ remedy }) => remedy.id === candidate.remedy.id)
    if (taken !== undefined)
      return add(tried(candidate, 'no-difference', `${nameOf(taken)} was better in the first look`, guess(candidate)))
    if (ground.nowMs() > end) {
      untried.push(nameOf(candidate))
      return
    }
    const again = await proposeAgain(candidate, current, evidence, tools)
    if (typeof again === 'string') return add(tried(candidate, 'failed', again))
    if (again === null || ground.keyOf(again.proposal.setup) === ground.keyOf(current))
      return add(tried(candidate, 'no-difference', `nothing is left to change after ${kept.map(nameOf).join(', ')}`))
    const { setup } = again.proposal
    plan.onStep(`in pairs: ${nameOf(again)}`, 0, 1)
    const trial = await judged(current, setup)
    if (trial.outcome !== 'measured') return add(tried(again, 'failed', reasonInWords(trial), guess(again)))
    const judgement = trial.value
    const facts = { judgement, sizeBytes: ground.sizeBytes(setup), ...guess(again) }
    if (judgement.verdict !== 'faster') return add(tried(again, judgement.verdict, judgement.reason ?? noGain(judgement), facts))
    const slower = await costsLatency(judgement, current, setup)
    if (slower !== null) {
      costly.add(again.remedy.id)
      return add(tried(again, 'rejected', slower, facts))
    }
    const outputs = await ground.compare(setup, worstEffect([...kept, again]))
    if (!outputs.ok) return add(tried(again, 'rejected', outputs.reason, { ...facts, agreement: outputs.agreement }))
    const took = await tookOf(again)
    if (typeof took === 'string') return add(tried(again, 'failed', took, facts))
    if (took === false)
      return add(tried(again, 'rejected', 'faster, but the engine does not run what was meant to', { ...facts, took }))
    kept = [...kept, again]
    current = setup
    add(tried(again, 'faster', outputs.reason, { ...facts, kept: true, took, agreement: outputs.agreement }))
  }

  /** As an earlier run judged it, else now. Judgements that the budget cut short are not kept. */
  async function judged(base: RemedySetup, candidate: RemedySetup): Promise<Trial<Judgement>> {
    const before = await ground.recall?.(base, candidate)
    if (before?.kind === 'judgement') return { outcome: 'measured', value: before.judgement }
    const trial = await judge(ground, base, candidate, { ...GROWTH, deadlineMs: end })
    if (trial.outcome === 'measured' && ground.nowMs() < end)
      await ground.remember?.(base, candidate, { kind: 'judgement', judgement: trial.value })
    return trial
  }

  /** Goals other than time may not ruin it. The reason; null where it does not, or where nothing is known. */
  async function costsLatency(judgement: Judgement, base: RemedySetup, changed: RemedySetup): Promise<string | null> {
    if (evidence.goal === 'throughput') return null
    const { beforeMs, afterMs } = judgement
    const seen = beforeMs !== null && afterMs !== null ? afterMs / beforeMs : null
    if (seen !== null && seen <= LATENCY_LIMIT) return null
    const ratio = (await paceRatio(base, changed)) ?? seen
    if (ratio === null || ratio <= LATENCY_LIMIT) return null
    return `it serves the goal, but predictions take ${ratio.toFixed(2)} times as long`
  }

  /**
   * Predictions taken beside, A B B A, up to three times until the cost is far below the limit. The fastest process of each side counts:
   * what others disturb is only ever slower, and a refusal for noise would be a gain lost. null: it could not be measured.
   */
  async function paceRatio(base: RemedySetup, changed: RemedySetup): Promise<number | null> {
    if (ground.predictMs === undefined) return null
    const best = new Map([base, changed].map((side) => [side, Number.POSITIVE_INFINITY]))
    const ratio = () => best.get(changed)! / best.get(base)!
    for (let round = 0; round < PACE_ROUNDS && !(ratio() <= CLEARLY_NO_COST); round++) {
      for (const side of [base, changed, changed, base]) {
        const trial = await ground.predictMs(side)
        if (trial.outcome !== 'measured') return null
        best.set(side, Math.min(best.get(side)!, trial.value))
      }
    }
    return ratio()
  }

  /** null: nothing to look for, or the graph could not be had. A string: how the look at it failed. */
  async function tookOf({ proposal }: Candidate): Promise<boolean | string | null> {
    if (proposal.took === undefined) return null
    const executed = await ground.executed(proposal.setup)
    try {
      return executed === null ? null : proposal.took(executed)
    } catch (error) {
      return firstLineOf(error)
    }
  }

  /** Drops, last kept first, what the others no longer need. */
  async function shrink(): Promise<void> {
    for (const candidate of [...kept].reverse().slice(1)) {
      if (ground.nowMs() > end || kept.length < 2) return
      // By remedy: what is rebuilt holds other objects, and each remedy is in it once.
      const others = kept.filter(({ remedy }) => remedy.id !== candidate.remedy.id)
      const without = await rebuild(others)
      if (without === null) continue
      plan.onStep(`without ${nameOf(candidate)}`, 0, 1)
      const trial = await judge(ground, without.setup, current, { ...BACKWARD, deadlineMs: end })
      // On at least two pairs. A drop that noise decided costs a gain, never a loss: the rest is proven once more.
      if (trial.outcome !== 'measured' || trial.value.pairs < BACKWARD.least || trial.value.speedup > 1 / WORTHWHILE) continue
      const outputs = await ground.compare(without.setup, worstEffect(without.kept))
      if (!outputs.ok) continue
      kept = without.kept
      current = without.setup
      const at = rows.findLastIndex((one) => one.kept && one.remedies[0] === candidate.remedy.id)
      rows[at] = { ...rows[at]!, kept: false, reason: 'faster alone, but it adds nothing to the others' }
    }
  }

  async function rebuild(candidates: readonly Candidate[]): Promise<{ setup: RemedySetup; kept: Candidate[] } | null> {
    let setup = original
    const again: Candidate[] = []
    for (const candidate of candidates) {
      const next = await proposeAgain(candidate, setup, evidence, tools)
      if (next === null || typeof next === 'string') return null
      setup = next.proposal.setup
      again.push(next)
    }
    return { setup, kept: again }
  }

  /** What only together makes predictions too slow is dropped, last kept first, and the rest proven by itself. */
  async function proveMost(): Promise<Proven> {
    for (;;) {
      const proven = await prove()
      const without = proven.tooSlow && kept.length > 1 ? await rebuild(kept.slice(0, -1)) : null
      if (without === null) return proven
      const at = rows.findLastIndex((one) => one.kept && one.remedies[0] === kept.at(-1)!.remedy.id)
      rows[at] = { ...rows[at]!, kept: false, reason: proven.doubt }
      kept = without.kept
      current = without.setup
    }
  }

  async function prove(): Promise<Proven> {
    plan.onStep('the whole against the original', 0, 1)
    const outputs = await ground.compare(current, worstEffect(kept), true)
    let trial = await judge(ground, original, current, { ...FINAL, deadlineMs: Number.POSITIVE_INFINITY })
    // Not clear, but near: more pairs, judged anew. A state of the machine in which it lost is not measured away.
    if (trial.outcome === 'measured' && isNear(trial.value))
      trial = await judge(ground, original, current, { ...FINAL_AGAIN, deadlineMs: Number.POSITIVE_INFINITY })
    if (trial.outcome !== 'measured')
      return { proof: null, doubt: `faster by itself, but the last proof failed: ${reasonInWords(trial)}`, tooSlow: false }
    const judgement = trial.value
    const slower = await costsLatency(judgement, original, current)
    const proven = outputs.ok && judgement.verdict === 'faster' && slower === null
    const unclear = judgement.reason ?? `no clear gain in ${countOf(judgement.pairs)}`
    const why = !outputs.ok ? outputs.reason : (slower ?? unclear)
    const doubt = proven ? null : `faster by itself, but not in the last proof: ${why}`
    return { proof: { judgement, outputs, proven }, doubt, tooSlow: slower !== null }
  }

  /** Proposals that predict in different ways, and not as the setup itself does. */
  function distinct(candidates: readonly Candidate[], base: RemedySetup): Candidate[] {
    const seen = new Set([ground.keyOf(base)])
    return candidates.filter(({ proposal }) => {
      const key = ground.keyOf(proposal.setup)
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
  }

  /** Of the time of a prediction; other goals are not predicted. */
  function expectedShare({ predictedSavingMs }: Proposal): number {
    if (evidence.goal !== 'latency' && evidence.goal !== 'throughput') return 0
    return Math.min(0.9, Math.max(0, (predictedSavingMs ?? 0) / evidence.p50Ms))
  }

  function guess({ proposal }: Candidate): Pick<Tried, 'predictedSpeedup'> {
    const saving = proposal.predictedSavingMs
    const left = evidence.p50Ms - (saving ?? 0)
    return { predictedSpeedup: saving === null || left <= 0 ? null : evidence.p50Ms / left }
  }
}

const asCandidate = (remedy: Remedy, setup: RemedySetup): Candidate => ({
  remedy,
  proposal: { variant: '', setup, changes: [], predictedSavingMs: null },
})

const EFFECTS: readonly Effect[] = ['exact', 'rounding', 'approximate']

/** What the outputs may differ by after all of them. */
export const worstEffect = (candidates: readonly Candidate[]): Effect =>
  EFFECTS[Math.max(0, ...candidates.map(({ remedy }) => EFFECTS.indexOf(engineEffect(remedy))))]!

/** A rewrite that changes no number still lets the engine choose other kernels, which add in another order. */
const engineEffect = ({ kind, effect }: Remedy): Effect => (kind === 'rewrite' && effect === 'exact' ? 'rounding' : effect)

const isNear = ({ speedup, speedupLow, reason }: Judgement): boolean => reason === null && speedupLow <= 1 && speedup > 1.02

const noGain = ({ pairs }: Judgement): string => `no clear gain in ${countOf(pairs)}`
