// What two prompts that follow each other have in common: at their beginning, which a cache of prefixes keeps, and anywhere.
import type { PrefixFact } from '../facts.ts'
import type { MeasuredCall } from './types.ts'

/** Runs of this many tokens are no chance: of fewer, many texts have some in common. */
const RUN = 8

type Call = Pick<MeasuredCall, 'ids' | 'promptTokens' | 'cachedTokens'>

/** The pair of calls that has most in common; undefined: there are no two different prompts of the user's with ids. */
export function prefixOf(calls: readonly Call[]): PrefixFact | undefined {
  const prompts = calls.flatMap(({ ids, promptTokens, cachedTokens }) =>
    ids === null || promptTokens === null ? [] : [{ ids: ids.slice(0, promptTokens), cachedTokens }],
  )
  const pairs = prompts
    .slice(1)
    .map(({ ids, cachedTokens }, k) => ({
      ...comparePrompts(prompts[k]!.ids, ids),
      cachedTokens,
      earlier: prompts[k]!.ids.length,
    }))
    // The same prompt again: the user gave fewer prompts than calls are made.
    .flatMap(({ earlier, ...pair }) => (pair.commonTokens === pair.tokens && earlier === pair.tokens ? [] : [pair]))
  return pairs.reduce<PrefixFact | undefined>(
    (most, pair) => (most === undefined || pair.alikeTokens > most.alikeTokens ? { ...pair, different: null } : most),
    undefined,
  )
}

export function comparePrompts(
  earlier: readonly number[],
  later: readonly number[],
): Pick<PrefixFact, 'tokens' | 'commonTokens' | 'alikeTokens'> {
  let commonTokens = 0
  while (commonTokens < Math.min(earlier.length, later.length) && earlier[commonTokens] === later[commonTokens]) commonTokens++
  const known = new Set<string>()
  const runAt = (ids: readonly number[], at: number): string => ids.slice(at, at + RUN).join(' ')
  for (let at = 0; at + RUN <= earlier.length; at++) known.add(runAt(earlier, at))
  const isAlike = new Array<boolean>(later.length).fill(false).fill(true, 0, commonTokens)
  for (let at = 0; at + RUN <= later.length; at++) if (known.has(runAt(later, at))) isAlike.fill(true, at, at + RUN)
  return { tokens: later.length, commonTokens, alikeTokens: isAlike.filter(Boolean).length }
}
