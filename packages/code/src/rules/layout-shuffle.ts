// HWC to CHW and its kin as nested loops: one call moves them all.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

const CURES = {
  python: 'One transpose with one copy (NumPy’s transpose and ascontiguousarray) moves them all at once.',
  javascript:
    'A kernel of whyslow/kernels, or the model itself (whyslow fix --image-layout nhwc --image-dtype uint8), does it at once.',
} as const

export const layoutShuffle = defineRule({
  id: 'layout-shuffle',
  area: 'software',
  title: 'A loop changes the layout element by element',
  needs: ['lines', 'patterns'],
  check(evidence) {
    return hotPatterns(evidence, ['layout-loop']).map(({ pattern, timeMs, share: part }) => ({
      ...tell`The loop that reorders an array at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. ${CURES[evidence.language]}`,
      timeMs,
      ...UNTRIED,
      places: [placeOf(pattern)],
    }))
  },
})
