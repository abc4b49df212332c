// Prompts of one application begin alike: with the system's text, with the turns before. Requests that take nothing from a cache compute it again.
import { number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule } from '../rule.ts'

/** Share of the prompt's tokens: fewer are a token that all texts begin with. */
const CACHED = 0.1
/** A shorter prompt is nothing that is worth keeping. */
const LEAST_PROMPT = 64
/** Share of a request. */
const FELT = 0.05

export const uncachedPrefix = defineRule({
  id: 'uncached-prefix',
  area: 'software',
  title: 'No request takes the beginning of its prompt from the cache',
  needs: ['trace'],
  check({ trace }) {
    const { tokens, window } = trace
    if (tokens === null) return 'does-not-apply'
    const { cachedTokens, promptTokens, requests } = tokens
    if (cachedTokens === null || promptTokens === null)
      return { notChecked: 'the file does not say how many tokens a cache held; llama-server does (cache_n)' }
    if (requests < 2) return { notChecked: 'one request has no earlier one to begin like' }
    const all = cachedTokens + promptTokens
    const part = tokens.parts.prompt / window.stepMs
    if (all < LEAST_PROMPT || cachedTokens >= CACHED * all || part < FELT) return 'clear'
    return asShareOfStep(
      trace,
      tell`Of ${number('prompt', Math.round(all), 'tokens')} tokens of a prompt, ${number('cached', Math.round(cachedTokens), 'tokens')} come from the
        cache, and computing the others takes ${share('share', part)} of a request. If prompts begin alike, a cache saves that: put what changes last.`,
      part,
    )
  },
})
