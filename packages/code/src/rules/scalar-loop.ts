// A loop over numbers, one at a time, that an array's own operations do at once: in Python each turn is some tens of bytecodes and two objects.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import type { SourcePattern } from '../facts.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Below, calling into an array library costs more than the loop; in JavaScript a short loop is fast. */
const LEAST_TRIPS = { python: 100, javascript: 10_000 } as const
const CURES = {
  python: 'NumPy does the same for whole arrays in one call.',
  javascript: 'One pass over typed arrays, without arrays in between, does the same.',
} as const

/** Loops over typed arrays are compiled to what a machine does at its best, but for its vectors; a callback of `map` is always over a list. */
function isOverLists({ loops = [], calls = [] }: PipelineEvidence, pattern: SourcePattern): boolean {
  const own = loops.filter(({ file, line }) => file === pattern.file && line >= pattern.line && line <= pattern.endLine)
  const operands = own.flatMap(({ operands: held = {} }) => Object.values(held))
  if (operands.length > 0) return operands.some(({ kind }) => kind === 'array')
  const seen = calls.filter(({ file, line }) => file === pattern.file && line === pattern.line)
  const results = seen.flatMap(({ result }) => (result === null ? [] : [result.kind]))
  return results.length === 0 || results.includes('array')
}

export const scalarLoop = defineRule({
  id: 'scalar-loop',
  area: 'software',
  title: 'A loop computes one number at a time',
  needs: ['lines', 'patterns'],
  check(evidence) {
    return hotPatterns(evidence, ['elementwise-loop', 'reduction-loop'])
      .filter(({ trips }) => trips === null || trips >= LEAST_TRIPS[evidence.language])
      .filter(({ pattern }) => evidence.language === 'python' || isOverLists(evidence, pattern))
      .map(({ pattern, timeMs, share: part, trips }) => ({
        ...tell`The loop at ${inWords(pattern)} takes ${ms('loop', timeMs)}, ${share('share', part)} of a prediction${
          trips === null ? '' : tell`, in ${number('trips', Math.round(trips), 'trips')} turns`
        }. ${CURES[evidence.language]}`,
        timeMs,
        ...UNTRIED,
        places: [placeOf(pattern)],
      }))
  },
})
