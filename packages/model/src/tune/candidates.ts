// Which changed setups there are to try, likeliest first.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { AllowedLoss } from '@whyslow/measure/outputs/index.ts'
import type { Effect, Goal, Proposal, Remedy, RemedyEvidence, RemedySetup, RemedyTools } from '../remedies/kit/remedy.ts'

/** A proposal with the remedy that made it. */
export interface Candidate {
  readonly remedy: Remedy
  readonly proposal: Proposal
  /** The setup that it was proposed for. */
  readonly on?: RemedySetup
}

/** What names a candidate, and what it changes. */
export interface CandidateName {
  readonly remedy: Pick<Remedy, 'id'>
  readonly proposal: Pick<Proposal, 'variant' | 'changes'>
}

export type RemedyFilter = ReadonlySet<string> | null

/** Whether the remedy may be tried: it serves the goal, its loss is allowed, and it is not one that must be named. */
export function isAllowed(remedy: Remedy, goal: Goal, maxLoss: AllowedLoss | null, only: RemedyFilter): boolean {
  const named = only?.has(remedy.id) ?? false
  if (only !== null && !named) return false
  if (remedy.onlyWhenNamed !== undefined && !named) return false
  if (remedy.effect === 'approximate' && maxLoss === null) return false
  return remedy.goals.includes(goal)
}

export interface ProposedCandidates {
  readonly candidates: readonly Candidate[]
  /** Remedies that threw: a fault of theirs costs their own trial and nothing else. */
  readonly failed: readonly { readonly remedy: Remedy; readonly reason: string }[]
  /** Remedies that do not apply to the setup. */
  readonly idle: readonly Remedy[]
}

/**
 * Proposals of all remedies for the setup, by predicted saving, then in the remedies' order. Where the goal is not the time of predictions,
 * those that are not made for that come first.
 */
export async function propose(
  remedies: readonly Remedy[],
  setup: RemedySetup,
  evidence: RemedyEvidence,
  tools: RemedyTools,
): Promise<ProposedCandidates> {
  const candidates: Candidate[] = []
  const failed: { remedy: Remedy; reason: string }[] = []
  const idle: Remedy[] = []
  for (const remedy of remedies) {
    if (isSlowerAlone(remedy, evidence) || !actsOn(setup, remedy)) continue
    try {
      const proposals = await remedy.apply(setup, evidence, tools)
      if (proposals.length === 0) idle.push(remedy)
      candidates.push(...proposals.map((proposal) => ({ remedy, proposal: withMeasured(proposal, remedy, evidence), on: setup })))
    } catch (error) {
      failed.push({ remedy, reason: firstLineOf(error) })
    }
  }
  const saving = ({ proposal }: Candidate): number => proposal.predictedSavingMs ?? 0
  const meant = ({ remedy: { goals } }: Candidate): number => (goals.includes('latency') || goals.includes('throughput') ? 0 : 1)
  return { candidates: candidates.sort((a, b) => meant(b) - meant(a) || saving(b) - saving(a)), failed, idle }
}

/** What an experiment on operators alone showed comes before what the diagnosis expects. */
function withMeasured(proposal: Proposal, { id, kind }: Remedy, { alone, goal }: RemedyEvidence): Proposal {
  const saving = kind === 'rewrite' && goal === 'latency' ? alone?.get(id) : undefined
  return saving === undefined || saving.ms <= 0 ? proposal : { ...proposal, predictedSavingMs: saving.ms }
}

/** Whatever it does to the whole model, it does by making these operators slower. */
const isSlowerAlone = ({ id, kind, goals }: Remedy, { alone, goal }: RemedyEvidence): boolean =>
  kind === 'rewrite' && goal === 'latency' && goals.includes(goal) && (alone?.get(id)?.high ?? 0) < 0

/** onnxruntime's options do nothing on another engine, where that runs the whole model. */
export const actsOn = ({ engine }: Pick<RemedySetup, 'engine'>, { kind, anyEngine }: Remedy): boolean =>
  engine === undefined || engine.cut !== undefined || kind !== 'settings' || anyEngine === true

/** The same remedy and variant on another setup; null if it does not apply there any more, the reason if it throws. */
export async function proposeAgain(
  candidate: Candidate,
  setup: RemedySetup,
  evidence: RemedyEvidence,
  tools: RemedyTools,
): Promise<Candidate | string | null> {
  const { remedy, proposal, on } = candidate
  if (on === setup) return candidate
  try {
    const proposals = await remedy.apply(setup, evidence, tools)
    const same = proposals.find(({ variant }) => variant === proposal.variant)
    return same === undefined ? null : { remedy, proposal: same, on: setup }
  } catch (error) {
    return firstLineOf(error)
  }
}

/** 'thread-count 1', 'memory-arena': how a trial is called. */
export const nameOf = ({ remedy, proposal }: CandidateName): string =>
  proposal.variant === '' ? remedy.id : `${remedy.id} ${proposal.variant}`

/** Expected share saved of the time of a prediction with what was kept; 0 for other goals, which are not estimated. */
export function expectedShare({ predictedSavingMs }: Proposal, { goal }: RemedyEvidence, p50Ms: number): number {
  if (goal !== 'latency' && goal !== 'throughput') return 0
  return Math.min(0.9, Math.max(0, (predictedSavingMs ?? 0) / p50Ms))
}

/** Share of the time of a prediction: what operators alone show to save this much, at the lower end, needs no first look. */
const LEAST_SHOWN = 0.05

/**
 * Proposals whose gain operators alone have shown: they are judged without a first look, and however little the budget leaves. Not where a
 * remedy has several to choose from, which were shown as one.
 */
export function shownAlone(
  candidates: readonly Candidate[],
  { alone, goal }: RemedyEvidence,
  p50Ms: number,
): ReadonlySet<Candidate> {
  if (goal !== 'latency') return new Set()
  const isSingle = ({ id }: Remedy): boolean => candidates.filter(({ remedy }) => remedy.id === id).length === 1
  const isShown = ({ id, kind }: Remedy): boolean => kind === 'rewrite' && (alone?.get(id)?.low ?? 0) >= LEAST_SHOWN * p50Ms
  return new Set(candidates.filter(({ remedy }) => isShown(remedy) && isSingle(remedy)))
}

/** For the row that tells what became of it, over what was kept (`p50Ms`), as the measured one next to it is. */
export function predictedSpeedup(
  { proposal }: Candidate,
  { p50Ms }: { readonly p50Ms: number },
): { readonly predictedSpeedup: number | null } {
  const saving = proposal.predictedSavingMs
  return { predictedSpeedup: saving === null || saving >= p50Ms ? null : p50Ms / (p50Ms - saving) }
}

const EFFECTS: readonly Effect[] = ['exact', 'rounding', 'approximate']

/** What the outputs may differ by after all of them. */
export const worstEffect = (candidates: readonly WithEffect[]): Effect =>
  EFFECTS[Math.max(0, ...candidates.map((one) => EFFECTS.indexOf(one.proposal.effect ?? engineEffect(one.remedy))))]!

interface WithEffect {
  readonly remedy: Remedy
  readonly proposal: Pick<Proposal, 'changes' | 'effect'>
}

/** A rewrite that changes no number still lets the engine choose other kernels, which add in another order. */
const engineEffect = ({ kind, effect }: Remedy): Effect => (kind === 'rewrite' && effect === 'exact' ? 'rounding' : effect)
