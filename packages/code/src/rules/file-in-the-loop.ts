// A file that is opened for each prediction, though it is the same one.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

export const fileInTheLoop = defineRule({
  id: 'file-in-the-loop',
  area: 'software',
  title: 'A file is read for every prediction',
  needs: ['lines', 'patterns'],
  check(evidence) {
    // Another file each time is an input, and so is what the sample names.
    const own = hotPatterns(evidence, ['file-read']).filter(({ calls }) => !calls.some(({ varies }) => varies === true))
    const isKnown = evidence.samples.count !== 1 || evidence.target.kind === 'script'
    const same = own.filter(({ pattern }) => isKnown || pattern.fixed === true)
    if (same.length === 0 && own.length > 0)
      return {
        notChecked: `one sample does not show whether the file at ${inWords(own[0]!.pattern)} is the same for others; give two`,
      }
    return same.map(({ pattern, timeMs, share: part }) => ({
      ...tell`The file read at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. Read once, when the model is loaded, it costs nothing per prediction.`,
      timeMs,
      // Read once, it is read in no prediction.
      wouldSaveMs: timeMs,
      basis: 'modelled',
      places: [placeOf(pattern)],
    }))
  },
})
