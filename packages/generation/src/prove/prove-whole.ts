// The last proof: everything kept together, as the folder runs it. What the proof refuses is dropped, the lossy before the lossless, and what is left
// is put together and proven again. A loop must answer what the plain loop answers on the same graph and engine, whatever loss the gate allows.
import type { NotMeasured } from '@whyslow/measure/trials/port.ts'
import type { GenerationTrial } from '@whyslow/report/documents/generation.ts'
import type { LoopSetup } from '../loop/loop.ts'
import { type Answer, divergenceOf } from './answers.ts'
import type { Candidate } from './candidate.ts'
import { prefixCache } from './candidates/prefix-cache.ts'
import { promptLookup } from './candidates/prompt-lookup.ts'
import { type Duel, type DuelPlan, duel } from './duel.ts'
import type { EqualityJudgement } from './equality.ts'
import { applyCandidate, judgeSetup, type KeptRemedy, type SearchPlan } from './search.ts'
import { type GeneratorSetup, SHIPPED_LOOP } from './setup.ts'

export interface ProofPlan extends Pick<SearchPlan, 'bench' | 'base' | 'reference' | 'gate' | 'metric' | 'known' | 'signal'> {
  readonly candidates: readonly Candidate[]
  readonly duel: Omit<DuelPlan, 'bench'>
  readonly original: readonly Answer[]
  /** The folder of a setup as it would be shipped, as a setup that runs it; a reason if there can be none. */
  readonly shipped: (setup: GeneratorSetup, kept: readonly KeptRemedy[]) => Promise<GeneratorSetup | string>
}

export interface DroppedRemedy {
  readonly id: string
  readonly outcome: Exclude<GenerationTrial['outcome'], 'kept'>
  readonly reason: string
}

export interface WholeProof {
  readonly kept: readonly KeptRemedy[]
  readonly dropped: readonly DroppedRemedy[]
  readonly judged: EqualityJudgement
  readonly compared: Duel
  readonly setup: GeneratorSetup
}

/** What is proven, or the reason why nothing is. */
export async function proveWhole(
  plan: ProofPlan,
  found: readonly KeptRemedy[],
): Promise<WholeProof | { readonly reason: string }> {
  let kept = found
  // The folder remembers the call before, unless that changes tokens.
  let [remembers, guesses] = [true, true]
  const dropped: DroppedRemedy[] = []
  for (;;) {
    plan.signal?.throwIfAborted()
    const last = kept.at(-1)?.setup ?? plan.base
    const setup = { ...last, loop: { prefixCache: remembers, lookup: guesses ? (last.loop?.lookup ?? null) : null } }
    const folder = await plan.shipped(setup, kept)
    if (typeof folder === 'string') return { reason: folder }
    const lossless = kept.every(({ effect }) => effect === 'lossless')
    const judged = await judgeSetup(plan, folder, plan.original, lossless)
    if (judged.outcome !== 'measured') return { reason: `the folder failed: ${reasonOf(judged)}` }
    const { passes, equality, answers } = judged.value
    // Equal to the original in every token, no loop has changed any.
    const fault = passes && lossless ? null : await faultOfLoop(plan, setup, answers)
    if (typeof fault === 'string') return { reason: fault }
    if (fault !== null) {
      if (fault.part === 'lookup') guesses = false
      else remembers = false
      const id = fault.part === 'lookup' ? promptLookup.id : prefixCache.id
      if (kept.some((one) => one.id === id)) dropped.push({ id, outcome: 'not equal', reason: fault.reason })
      kept = kept.filter((one) => one.id !== id)
      continue
    }
    if (passes) {
      const compared = await duel(plan.base, folder, { ...plan.duel, bench: plan.bench })
      if (compared.outcome !== 'measured') return { reason: `the folder failed: ${reasonOf(compared)}` }
      return { kept, dropped, judged: judged.value, compared: compared.value, setup }
    }
    const worst = kept.findLast(({ effect }) => effect === 'lossy') ?? kept.at(-1)
    if (worst === undefined) return { reason: equality.sentence }
    dropped.push({ id: worst.id, outcome: 'not equal', reason: equality.sentence })
    kept = await reapplied(
      plan,
      kept.filter((one) => one !== worst),
      dropped,
    )
  }
}

interface Fault {
  readonly part: keyof LoopSetup
  readonly reason: string
}

/** Which part of the loop makes the folder answer other than the plain loop on the same graph and engine; null: none. A text: why that is unknown. */
async function faultOfLoop(
  { bench, original }: Pick<ProofPlan, 'bench' | 'original'>,
  setup: GeneratorSetup & { readonly loop: LoopSetup },
  answers: readonly Answer[],
): Promise<Fault | string | null> {
  const { prefixCache, lookup } = setup.loop
  if (!prefixCache && lookup === null) return null
  const prompts = original.map(({ prompt }) => prompt)
  const tokens = Math.max(...original.map(({ ids }) => ids.length))
  const plain = await bench.answers({ ...setup, loop: SHIPPED_LOOP }, prompts, tokens)
  if (plain.outcome !== 'measured') return `the plain loop failed: ${reasonOf(plain)}`
  const differing = plain.value.filter((answer, at) => divergenceOf(answer, answers[at]!) !== null).length
  if (differing === 0) return null
  const reason = `${differing} of ${prompts.length} answers are not those of the plain loop`
  if (lookup === null || !prefixCache) return { part: lookup === null ? 'prefixCache' : 'lookup', reason }
  const guessing = await bench.answers({ ...setup, loop: { prefixCache: false, lookup } }, prompts, tokens)
  if (guessing.outcome !== 'measured') return `the loop failed: ${reasonOf(guessing)}`
  const isRight = plain.value.every((answer, at) => divergenceOf(answer, guessing.value[at]!) === null)
  return { part: isRight ? 'prefixCache' : 'lookup', reason }
}

const reasonOf = (trial: NotMeasured): string => ('reason' in trial ? trial.reason : trial.outcome)

/** Those that still apply without what was dropped, each on top of those before it; the others are added to `dropped`. */
async function reapplied(
  { base, candidates, known, signal }: Pick<ProofPlan, 'base' | 'candidates' | 'known' | 'signal'>,
  kept: readonly KeptRemedy[],
  dropped: DroppedRemedy[],
): Promise<readonly KeptRemedy[]> {
  const again: KeptRemedy[] = []
  for (const { id, effect } of kept) {
    const candidate = candidates.find((one) => one.id === id)!
    const applied = await applyCandidate(candidate, again.at(-1)?.setup ?? base, known, signal)
    if ('setup' in applied) again.push({ id, effect, ...applied })
    else dropped.push({ id, outcome: applied.failed === true ? 'failed' : 'does not apply', reason: applied.reason })
  }
  return again
}
