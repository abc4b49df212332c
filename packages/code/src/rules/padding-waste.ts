// A batch of texts is computed as long as its longest text, or as long as the tokenizer was told to pad it.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { fasterWayFindings, hotPatterns, inWords, placeOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Share of the characters that are padding. With less, sorting gains little. */
const LEAST_WASTE = 0.3

export const paddingWaste = defineRule({
  id: 'padding-waste',
  area: 'software',
  title: 'Padding: short texts share a batch with long ones',
  needs: ['patterns', 'calls'],
  check(evidence) {
    if (evidence.language === 'python') return paddedToALength(evidence)
    return hotPatterns(evidence, ['texts-padded']).flatMap(({ pattern, timeMs, calls }) => {
      const given = calls.map(({ argument }) => argument).find((one) => one?.texts !== undefined)
      const texts = given?.texts
      if (texts === undefined || texts.longest === 0) return []
      const waste = 1 - texts.mean / texts.longest
      if (waste < LEAST_WASTE) return []
      const less = 1 - texts.sorted / texts.longest
      return [
        {
          ...tell`The batch of ${countFact('text', given!.length ?? 0)} at ${inWords(pattern)} takes ${ms('batch', timeMs)}, and is as long as its longest
            text: by their characters, ${share('padding', waste)} of it is padding. Sorted by length, in batches of eight, ${share('sorted', less)} of it need not be computed.`,
          timeMs,
          wouldSaveMs: timeMs * less,
          basis: 'modelled' as const,
          places: [placeOf(pattern)],
        },
      ]
    })
  },
})

/** `padding='max_length'`: the model was asked the same without the positions that no text of the batch reaches. */
function paddedToALength(evidence: PipelineEvidence) {
  if (!(evidence.sessions ?? []).some(({ engine }) => engine === 'pytorch')) return 'does-not-apply'
  const found = fasterWayFindings(
    evidence,
    'padding-waste',
    'input',
    () => tell` With padding='longest' the tokenizer pads to the longest text of a batch alone.`,
  )
  return found.map((one) => ({ ...one, title: 'Padding: texts are padded to a length that none of them has' }))
}
