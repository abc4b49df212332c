// Which remedies together. Single ones first, as the diagnosis ranks them; then greedy growth, since remedies interact (threads change
// after a rewrite); then backward, dropping what no longer pays; then the whole against the untouched original once more.
import type { Effect, Remedy, RemedyEvidence, RemedySetup, RemedyTools } from '../remedies/remedy.ts'
import { type Candidate, isAllowed, nameOf, type Only, propose, proposeAgain } from './candidates.ts'
import type { Ground, OutputCheck } from './ground.ts'
import { type Judgement, judge } from './judge.ts'
import { mean, promising, type Screened, screen } from './screen.ts'
import { reasonOf, type Tried, tried } from './tried.ts'

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

const GROWTH = { least: 3, most: 6, stopEarly: true } as const
const BACKWARD = { least: 2, most: 4, stopEarly: true } as const
const FINAL = { least: 6, most: 6, stopEarly: false } as const
const FINAL_AGAIN = { least: 6, most: 10, stopEarly: false } as const
/** A remedy for load time, memory or size may not cost more latency than this. */
const LATENCY_LIMIT = 1.1
/** Of the budget: rewrites come first, and what screening leaves goes to growth. */
const SCREEN_SHARE = 0.55

export async function search(plan: SearchPlan): Promise<Found> {
  const { ground, original, evidence, tools } = plan
  const rows: Tried[] = []
  const add = (one: Tried) => {
    rows.push(one)
    plan.onTried(one)
  }
  const remedies = plan.remedies.filter((one) => isAllowed(one, evidence.goal, evidence.wishes.maxLoss, plan.only))
  const start = ground.nowMs()
  const end = start + plan.budgetMs
  const untried: string[] = []
  const done = new Set<string>()
  /** Remedies that proposed nothing for the original. */
  const idle = new Set<Remedy>()

  let current = original
  let kept: Candidate[] = []
  const first = await round(current, remedies, start + plan.budgetMs * SCREEN_SHARE)
  for (const candidate of first) await grow(candidate)
  // What a rewrite changes may make another setting pay, and uncover what others rewrite.
  const rewritten = kept.some(({ remedy }) => remedy.kind === 'rewrite')
  if (rewritten && ground.nowMs() < end) {
    const again = remedies.filter((one) => (one.kind === 'settings' || idle.has(one)) && !isKept(one))
    const left = ground.nowMs() + (end - ground.nowMs()) * SCREEN_SHARE
    for (const candidate of await round(current, again, left)) await grow(candidate)
  }
  if (kept.length > 1) await shrink()
  const proof = kept.length > 0 ? await prove() : null
  const proven = proof?.proven ?? false
  return { setup: proven ? current : original, kept: proven ? kept : [], tried: rows, untried, proof }

  function isKept({ id }: Remedy): boolean {
    return kept.some(({ remedy }) => remedy.id === id)
  }

  /** Candidates on this setup that a first look finds promising, best first. */
  async function round(base: RemedySetup, among: readonly Remedy[], deadlineMs: number): Promise<Candidate[]> {
    const { candidates, failed, idle: none } = await propose(among, base, evidence, tools)
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
    for (const candidate of fresh) {
      if (ground.nowMs() > deadlineMs) {
        untried.push(nameOf(candidate))
        continue
      }
      if (candidate.remedy.kind !== 'rewrite' || (await outputsAgree(candidate))) right.push(candidate)
    }
    const read = await screen(
      ground,
      base,
      right.map(({ proposal }) => proposal.setup),
      deadlineMs,
      (k, of) => plan.onStep('a first look at what may help', k, of),
    )
    for (const one of read) if (!promising(one)) report(right[one.index]!, one)
    return read
      .filter(promising)
      .sort((a, b) => mean(a.ratios) - mean(b.ratios))
      .map(({ index }) => right[index]!)
  }

  function report(candidate: Candidate, { ratios, failure }: Screened): void {
    if (failure !== null) {
      add(tried(candidate, 'failed', reasonOf(failure)))
      return
    }
    if (ratios.length === 0) {
      untried.push(nameOf(candidate))
      return
    }
    const ratio = mean(ratios)
    const looks = ratios.length === 1 ? 'a first look' : `${ratios.length} looks`
    add(tried(candidate, 'no-difference', `no gain in ${looks} (${(1 / ratio).toFixed(2)}×)`, guess(candidate)))
  }

  async function outputsAgree(candidate: Candidate): Promise<boolean> {
    plan.onStep(`comparing outputs: ${nameOf(candidate)}`, 0, 1)
    const outputs = await ground.compare(candidate.proposal.setup, candidate.remedy.effect)
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
    if (again === null || ground.keyOf(again.proposal.setup) === ground.keyOf(current))
      return add(tried(candidate, 'no-difference', `nothing is left to change after ${kept.map(nameOf).join(', ')}`))
    const { setup } = again.proposal
    plan.onStep(`in pairs: ${nameOf(again)}`, 0, 1)
    const trial = await judge(ground, current, setup, { ...GROWTH, deadlineMs: end })
    if (trial.outcome !== 'measured') return add(tried(again, 'failed', reasonOf(trial), guess(again)))
    const judgement = trial.value
    const facts = { judgement, sizeBytes: ground.sizeBytes(setup), ...guess(again) }
    if (judgement.verdict !== 'faster') return add(tried(again, judgement.verdict, judgement.reason ?? noGain(judgement), facts))
    if (costsLatency(judgement)) return add(tried(again, 'rejected', slowerBy(judgement), facts))
    const outputs = await ground.compare(setup, worstEffect([...kept, again]))
    if (!outputs.ok) return add(tried(again, 'rejected', outputs.reason, { ...facts, agreement: outputs.agreement }))
    const took = await tookOf(again)
    if (took === false)
      return add(tried(again, 'rejected', 'faster, but the engine does not run what was meant to', { ...facts, took }))
    kept = [...kept, again]
    current = setup
    add(tried(again, 'faster', outputs.reason, { ...facts, kept: true, took, agreement: outputs.agreement }))
  }

  /** Goals other than time may not ruin it. */
  function costsLatency({ beforeMs, afterMs }: Judgement): boolean {
    return evidence.goal !== 'throughput' && beforeMs !== null && afterMs !== null && afterMs > beforeMs * LATENCY_LIMIT
  }

  async function tookOf({ proposal }: Candidate): Promise<boolean | null> {
    if (proposal.took === undefined) return null
    const executed = await ground.executed(proposal.setup)
    return executed === null ? null : proposal.took(executed)
  }

  /** Drops, last kept first, what the others no longer need. */
  async function shrink(): Promise<void> {
    for (const candidate of [...kept].reverse().slice(1)) {
      if (ground.nowMs() > end || kept.length < 2) return
      const others = kept.filter((one) => one !== candidate)
      const without = await rebuild(others)
      if (without === null) continue
      plan.onStep(`without ${nameOf(candidate)}`, 0, 1)
      const trial = await judge(ground, without.setup, current, { ...BACKWARD, deadlineMs: end })
      // Dropped only where two readings show that it no longer pays, never for a wide interval.
      if (trial.outcome !== 'measured' || trial.value.speedup > 1.005) continue
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
      if (next === null) return null
      setup = next.proposal.setup
      again.push(next)
    }
    return { setup, kept: again }
  }

  async function prove(): Promise<Proof | null> {
    plan.onStep('the whole against the original', 0, 1)
    const outputs = await ground.compare(current, worstEffect(kept))
    let trial = await judge(ground, original, current, { ...FINAL, deadlineMs: Number.POSITIVE_INFINITY })
    // Not clear, but near: more pairs, judged anew.
    if (trial.outcome === 'measured' && trial.value.speedupLow <= 1 && trial.value.speedup > 1.02)
      trial = await judge(ground, original, current, { ...FINAL_AGAIN, deadlineMs: Number.POSITIVE_INFINITY })
    if (trial.outcome !== 'measured') return null
    const judgement = trial.value
    return { judgement, outputs, proven: outputs.ok && judgement.verdict === 'faster' && !costsLatency(judgement) }
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
  EFFECTS[Math.max(0, ...candidates.map(({ remedy }) => EFFECTS.indexOf(remedy.effect)))]!

const noGain = ({ pairs }: Judgement): string => `no clear gain in ${pairs} pairs`

const slowerBy = ({ beforeMs, afterMs }: Judgement): string =>
  `it serves the goal, but predictions take ${(afterMs! / beforeMs!).toFixed(2)} times as long`
