// A conversation is generated from a list of messages that grows. Without the cache of the turn before, each turn computes all of it again.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, sum } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Turns in one prediction, or in a script. With one, nothing was computed before, unless the list outlives it. */
const TURNS = 2

export const uncachedPrefix = defineRule({
  id: 'uncached-prefix',
  area: 'software',
  title: 'Each turn of the conversation computes all earlier ones again',
  languages: ['javascript'],
  needs: ['patterns', 'calls'],
  check(evidence) {
    const kept = new Set(evidence.patterns!.filter(({ pattern }) => pattern === 'kept-outside').map(({ file }) => file))
    return hotPatterns(evidence, ['turns-uncached'])
      .map((hot) => ({ ...hot, turns: sum(hot.calls.map(({ callsPerPrediction }) => callsPerPrediction)) }))
      .filter(
        ({ pattern, turns }) => turns >= TURNS || (turns > 0 && evidence.target.kind !== 'script' && kept.has(pattern.file)),
      )
      .map(({ pattern, timeMs, share: part, turns }) => ({
        ...tell`The call at ${inWords(pattern)} runs ${number('turns', Math.round(turns * 10) / 10, 'turns')} times over messages that grow, for
          ${ms('generate', timeMs)}, ${share('share', part)} of the time, and is given no past_key_values. With the cache of the turn before, only new
          messages are computed.`,
        timeMs,
        wouldSaveMs: null,
        savingUnknown: 'how much of it is the prompt was not measured; `whyslow generate` with these prompts does',
        basis: 'measured' as const,
        places: [placeOf(pattern)],
      }))
  },
})
