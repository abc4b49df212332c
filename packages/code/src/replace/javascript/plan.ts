// What the process that proves JavaScript's replacements is told, and what it answers.
import type { Insertion } from '../../javascript/prepare.ts'
import type { ProgramPlan } from '../../turns/program.ts'
import type { Atom } from './fragment.ts'
import type { KernelForm } from './kernel-form.ts'

export interface PlannedCandidate {
  /** Absolute. */
  readonly file: string
  readonly look: { readonly start: number; readonly end: number; readonly wraps: boolean }
  readonly atoms: readonly Atom[]
  readonly before: string
  readonly after: string
}

export interface ProvePlan extends ProgramPlan {
  readonly candidates: readonly PlannedCandidate[]
  readonly budgetMs: number
}

export interface ProveAnswer {
  readonly proven: readonly {
    /** Place in `candidates`. */
    readonly at: number
    readonly pairsMs: readonly (readonly [number, number])[]
    readonly conversionMs: number | null
    readonly elements: number
    readonly kinds: readonly string[]
    /** What stands in its place, where that is a kernel and not the candidate's own code. */
    readonly kernel?: Pick<KernelForm, 'code' | 'equal'>
  }[]
  readonly refused: readonly { readonly at: number; readonly reason: string }[]
  /** Why the program did not run to its end; null: it did. */
  readonly failed: string | null
}

/** What code with looks calls, under a name of the global object. */
export const LOOK = '__whyslowLook'

/**
 * Looks of candidates, as they are put into their files: in front of a statement, around an expression, on the lines that are there. Nobody
 * looks where the code runs in another thread or realm.
 */
export function looksOf(candidates: readonly PlannedCandidate[]): Readonly<Record<string, Insertion[]>> {
  const found: Record<string, Insertion[]> = {}
  for (const [at, { file, look, atoms }] of candidates.entries()) {
    const call = `globalThis.${LOOK}?.(${at},()=>[${atoms.map(({ text }) => text).join(',')}])`
    const put = look.wraps
      ? [
          { at: look.start, text: `(${call},` },
          { at: look.end, text: ')' },
        ]
      : [{ at: look.start, text: `${call};` }]
    found[file] = [...(found[file] ?? []), ...put]
  }
  for (const all of Object.values(found)) all.sort((a, b) => a.at - b.at)
  return found
}
