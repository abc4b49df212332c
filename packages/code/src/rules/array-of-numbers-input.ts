// A list of numbers made an array: each number is an object that is looked at and converted.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { CallFact } from '../facts.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Fewest numbers: with fewer the conversion is nothing. */
const LEAST_NUMBERS = 1000

/** Numbers in the list that was seen; null: none was seen. 0: what was seen is no list. */
function lengthOf(calls: readonly CallFact[]): number | null {
  // A method such as flat is given none: what it makes is the list.
  const seen = calls.flatMap(({ argument, result }) => {
    const list = argument ?? result
    return list === null ? [] : [list]
  })
  if (seen.length === 0) return null
  return Math.max(0, ...seen.map(({ kind, length }) => (kind === 'array' ? (length ?? 0) : 0)))
}

export const arrayOfNumbersInput = defineRule({
  id: 'array-of-numbers-input',
  area: 'software',
  title: 'A list of numbers is converted to an array',
  needs: ['lines', 'patterns', 'calls'],
  check(evidence) {
    const models = new Set((evidence.sessions ?? []).flatMap(({ ran }) => (ran === null ? [] : [inWords(ran)])))
    return hotPatterns(evidence, ['list-to-array'])
      .map((hot) => ({ ...hot, length: lengthOf(hot.calls) }))
      .filter(({ calls, length, pattern }) => {
        if (length !== null) return length >= LEAST_NUMBERS
        // Of a line that asks a model, too, the time says nothing of the array unless its own call was seen.
        return pattern.ofList === true || (calls.length === 0 && !models.has(inWords(pattern)))
      })
      .map(({ pattern, timeMs, share: part, length }) => ({
        ...tell`The array made of a list at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction${
          length === null ? '' : tell`, for ${number('numbers', length, 'numbers')} numbers`
        }. Numbers that are written into an array from the start need no conversion.`,
        timeMs,
        ...UNTRIED,
        places: [placeOf(pattern)],
      }))
  },
})
