// The last proof: everything kept together, as the folder runs it. What the proof refuses is dropped, the lossy before the lossless, and what is left
// is put together and proven again.
import type { NotMeasured } from '@whyslow/measure/trials/port.ts'
import type { Answer } from './answers.ts'
import type { Candidate, Known } from './candidate.ts'
import { type Duel, type DuelPlan, duel } from './duel.ts'
import type { Judged } from './equality.ts'
import { judgeSetup, type KeptRemedy, type SearchPlan } from './search.ts'
import type { GeneratorSetup } from './setup.ts'

export interface ProofPlan extends Pick<SearchPlan, 'bench' | 'base' | 'reference' | 'gate' | 'known' | 'signal'> {
  readonly candidates: readonly Candidate[]
  readonly duel: Omit<DuelPlan, 'bench'>
  readonly original: readonly Answer[]
  /** The folder of a setup as it would be shipped, as a setup that runs it; a reason if there can be none. */
  readonly shipped: (setup: GeneratorSetup, kept: readonly KeptRemedy[]) => Promise<GeneratorSetup | string>
}

export interface Proven {
  readonly kept: readonly KeptRemedy[]
  readonly dropped: readonly { readonly id: string; readonly reason: string }[]
  readonly judged: Judged
  readonly compared: Duel
  readonly setup: GeneratorSetup
}

/** What is proven, or the reason why nothing is. */
export async function proveWhole(plan: ProofPlan, found: readonly KeptRemedy[]): Promise<Proven | { readonly reason: string }> {
  let kept = found
  const dropped: { id: string; reason: string }[] = []
  for (;;) {
    plan.signal?.throwIfAborted()
    const setup = kept.at(-1)?.setup ?? plan.base
    const folder = await plan.shipped(setup, kept)
    if (typeof folder === 'string') return { reason: folder }
    const lossless = kept.every(({ effect }) => effect === 'lossless')
    const judged = await judgeSetup(plan, folder, plan.original, lossless)
    if (judged.outcome !== 'measured') return { reason: `the folder failed: ${reasonOf(judged)}` }
    if (judged.value.passes) {
      const compared = await duel(plan.base, folder, { ...plan.duel, bench: plan.bench })
      if (compared.outcome !== 'measured') return { reason: `the folder failed: ${reasonOf(compared)}` }
      return { kept, dropped, judged: judged.value, compared: compared.value, setup }
    }
    const worst = kept.findLast(({ effect }) => effect === 'lossy') ?? kept.at(-1)
    if (worst === undefined) return { reason: judged.value.equality.sentence }
    dropped.push({ id: worst.id, reason: judged.value.equality.sentence })
    kept = await reapplied(
      plan,
      kept.filter((one) => one !== worst),
    )
  }
}

const reasonOf = (trial: NotMeasured): string => ('reason' in trial ? trial.reason : trial.outcome)

/** Those that still apply without what was dropped, each on top of those before it. */
async function reapplied(
  {
    base,
    candidates,
    known,
  }: { readonly base: GeneratorSetup; readonly candidates: readonly Candidate[]; readonly known: Known },
  kept: readonly KeptRemedy[],
): Promise<readonly KeptRemedy[]> {
  const again: KeptRemedy[] = []
  for (const { id, effect } of kept) {
    const applied = await candidates.find((one) => one.id === id)!.apply(again.at(-1)?.setup ?? base, known)
    if ('setup' in applied) again.push({ id, effect, ...applied })
  }
  return again
}
