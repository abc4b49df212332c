// Without a KV cache each token is computed together with all tokens before it.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, fixGenerator, isFelt, tokenMsOf } from '../rule.ts'

/** Growth for each token of context over what a token of the prompt takes: 1 without a cache, and a few hundredths with one. */
const RECOMPUTED = 0.5
/** A shorter prompt tells nothing: both are lost in what a step takes anyway. */
const LEAST_PROMPT = 32

export const recomputedContext = defineRule({
  id: 'recomputed-context',
  area: 'software',
  title: 'No KV cache: each token computes the whole context again',
  needs: ['speed', 'setup'],
  wants: ['graph', 'depthLine'],
  check({ graph, depthLine, ...given }) {
    if (graph !== undefined && graph.cache !== 'none') return 'clear'
    const { promptTokens } = given.setup
    const tokenMs = tokenMsOf(given)
    if (graph === undefined) {
      if (depthLine === undefined) return { notChecked: 'needs the time per token over the context', missing: 'depthLine' }
      if (promptTokens < LEAST_PROMPT) return { notChecked: 'the prompt is too short to tell' }
      if (depthLine.slopeMsPerThousand / 1000 < (RECOMPUTED * firstTokenMsOf(given)) / promptTokens) return 'clear'
    }
    const aloneMs =
      depthLine === undefined ? firstTokenMsOf(given) / Math.max(1, promptTokens) : Math.max(0, depthLine.interceptMs)
    const saving = { tokenMs: tokenMs - aloneMs }
    if (!isFelt(given, saving)) return 'clear'
    return {
      ...tell`A token takes ${ms('token', tokenMs)} after ${context(promptTokens)}, and ${ms('alone', aloneMs)} if only the new token is computed:
        ${share('share', saving.tokenMs / tokenMs)} of its time goes into tokens that were computed before.`,
      ...costs(given, saving, { basis: depthLine === undefined ? 'modelled' : 'measured' }),
      next: fixGenerator(),
    }
  },
})

const context = (tokens: number) => countFact('token', tokens, 'prompt-tokens')
