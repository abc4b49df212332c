// Tokenizers written by hand go character by character; the known libraries do it in compiled code.
import { ms, share, tell } from '../../diagnose/tell.ts'
import { namedWork } from '../hot.ts'
import { definePipelineRule } from '../rule.ts'

/** Less than that is a part among others. */
const FROM_SHARE = 0.3
/** Of the time: what a library in compiled code leaves is a fifth or less. */
const SAVED = 0.8
const CALLEES = /tokeniz/i

export const tokenizerDominates = definePipelineRule({
  id: 'tokenizer-dominates',
  area: 'software',
  title: 'Taking text apart takes longer than the rest',
  languages: ['javascript', 'python'],
  needs: ['lines', 'patterns'],
  check(evidence) {
    const { timeMs, share: part, places } = namedWork(evidence, ['hand-tokenizer'], CALLEES)
    if (part < FROM_SHARE) return []
    return [
      {
        ...tell`Taking text apart takes ${ms('work', timeMs)}, ${share('share', part)} of a prediction. A tokenizer of a library (tokenizers of Hugging Face, in compiled code) gives the same ids in a fraction of the time, where it has the same rules.`,
        timeMs,
        wouldSaveMs: timeMs * SAVED,
        basis: 'modelled',
        places,
      },
    ]
  },
})
