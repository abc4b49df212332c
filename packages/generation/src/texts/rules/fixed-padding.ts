// Every text is padded to one length, whatever is in the batch: by the padding that tokenizer.json carries, or by a graph whose inputs have one size.
import { ms, number, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule, embedAgain, isFaster, savedMs } from '../facts.ts'

export const fixedPadding = defineRule({
  id: 'fixed-padding',
  area: 'software',
  title: 'Every text is padded to one length',
  needs: ['fixedPadding', 'oneMs'],
  check({ fixedPadding: fixed, oneMs }) {
    if (fixed === 'none') return 'clear'
    const { tokens, from, against } = fixed
    const says = tell`${from} pads every text to ${number('tokens', tokens, 'tokens')} tokens.`
    if (against === null)
      return {
        ...tell`${says} The model takes no other length: export it with a free one.`,
        timeMs: oneMs,
        wouldSaveMs: null,
        savingUnknown: 'the model takes no other length',
        basis: 'measured',
      }
    if (!isFaster(against)) return 'clear'
    const { way, other } = against
    return {
      ...tell`${says} Padded so a text takes ${ms('fixed', other.msPerText.value)}, padded to the longest of its batch ${ms('longest', way.msPerText.value)}:
        ${ratio('ratio', 1 / against.ratio)} times as fast. transformers.js pads to the longest whatever that file says; other tokenizers follow it.`,
      timeMs: other.msPerText.value,
      wouldSaveMs: savedMs(against),
      basis: 'measured',
      next: embedAgain('--max-tokens', String(tokens)),
    }
  },
})
