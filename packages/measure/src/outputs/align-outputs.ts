// Two models that do the same call their outputs differently: as many outputs are matched by place where the names differ.
import type { Results } from '../engines/types.ts'

/** The candidate's outputs under the original's names; as they are where a name is shared, or where their number differs. */
export function alignOutputs(original: readonly Results[], candidate: readonly Results[]): readonly Results[] {
  const wanted = Object.keys(original[0] ?? {})
  const own = Object.keys(candidate[0] ?? {})
  if (wanted.length !== own.length || wanted.some((name) => own.includes(name))) return candidate
  return candidate.map((results) => Object.fromEntries(wanted.map((name, i) => [name, results[own[i]!]!])))
}
