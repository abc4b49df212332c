// An option whose value is one of a few words.
import { UsageError } from '../usage-error.ts'

/** Throws UsageError that lists the words. */
export function oneOf<const T extends string>(known: readonly T[], given: string, flag: string): T {
  const found = known.find((one) => one === given)
  if (found !== undefined) return found
  throw new UsageError(`${flag} ${given}: give one of ${known.join(', ')}`)
}
