// Most of a request goes into computing its prompt: tokens a second of the whole call then say nothing of how fast tokens are generated.
import { ms, number, type Sentence, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule } from '../rule.ts'

const FROM = 0.5

export const prefillDominates = defineRule({
  id: 'prefill-dominates',
  area: 'software',
  title: 'Prefill: the prompt takes longer than the answer',
  needs: ['trace'],
  check({ trace }) {
    const { tokens, window } = trace
    if (tokens === null) return 'does-not-apply'
    const { prompt, firstToken, decode } = tokens.parts
    if (prompt + firstToken === 0 || decode === 0)
      return { notChecked: 'the file does not separate the prompt from the tokens after it' }
    const part = (prompt + firstToken) / window.stepMs
    if (part < FROM) return 'clear'
    return asShareOfStep(
      trace,
      tell`${what(prompt, firstToken)} takes ${ms('prefill', prompt + firstToken)}, ${share('share', part)} of a request, and all tokens after it
        ${ms('decode', decode)}.${of(tokens.promptTokens)}`,
      part,
    )
  },
})

const what = (prompt: number, firstToken: number): string => (prompt > firstToken ? 'The prompt' : 'The first token')
const of = (tokens: number | null): Sentence =>
  tokens === null
    ? tell``
    : tell` ${number('prompt-tokens', Math.round(tokens), 'tokens')} tokens of the prompt are computed each time.`
