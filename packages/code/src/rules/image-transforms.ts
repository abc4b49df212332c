// A chain of torchvision's transforms: ToTensor scales to new memory, Normalize copies it, and each walks all pixels.
import { ms, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { fasterWays, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const imageTransforms = defineRule({
  id: 'image-transforms',
  area: 'software',
  title: 'Image transforms copy the pixels several times',
  languages: ['python'],
  needs: ['sessions'],
  check(evidence) {
    return fasterWays(evidence, 'image-transforms').map(({ place, best, timeMs, saved }) => ({
      ...tell`${best.now} at ${place} takes ${ms('now', best.nowMs)}; ${best.instead} gives the same in
        ${ms('instead', best.insteadMs)}, ${ratio('factor', best.ratio)} times as fast, timed in turns on the last image. What is in front of them stays.`,
      timeMs,
      wouldSaveMs: saved,
      basis: 'measured' as const,
      places: [placeOf(best)],
    }))
  },
})
