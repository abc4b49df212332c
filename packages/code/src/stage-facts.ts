// What several processes tell of each stage, together.

import { median } from '@whyslow/measure/statistics/index.ts'
import type { StageFact } from './facts.ts'

/**
 * One row for each name that is told of. `tellings`: of each kind of process what those of that kind told, in the order in which they are believed: of each
 * number the first kind that tells it counts, with the median of its processes.
 */
export function stageFacts(tellings: readonly (readonly StageFact[])[], names: readonly string[]): StageFact[] {
  return names.flatMap((name) => {
    const own = tellings.map((of) => of.filter((one) => one.name === name)).filter((of) => of.length > 0)
    if (own.length === 0) return []
    const every = own.map(middleOf)
    const known = every.map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null)))
    return [Object.assign({}, every[0], ...known.reverse()) as StageFact]
  })
}

/** The same stage in several processes: the median of each number, of anything else the first. */
function middleOf(facts: readonly StageFact[]): StageFact {
  const [first] = facts as readonly [StageFact]
  const fields = (Object.keys(first) as (keyof StageFact)[]).map((key) => {
    const numbers = facts.map((one) => one[key]).filter((value) => typeof value === 'number')
    return [key, numbers.length === 0 ? first[key] : median(numbers)] as const
  })
  return Object.fromEntries(fields) as unknown as StageFact
}
