// A server that was asked for another context length, or that was idle for too long, loads the model again: the request waits for it.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { asShareOfStep, defineRule } from '../rule.ts'

/** Share of the later requests; one of them may be the first of another model. */
const OFTEN = 0.1

export const modelReloadedPerCall = defineRule({
  id: 'model-reloaded-per-call',
  area: 'software',
  title: 'The model is loaded again for requests',
  needs: ['trace'],
  check({ trace }) {
    const { tokens, window } = trace
    if (tokens === null) return 'does-not-apply'
    if (tokens.reloads === null) return { notChecked: 'needs the loading times of two requests and more; ollama reports them' }
    const { share: often, ms: loadMs } = tokens.reloads
    if (often < OFTEN) return 'clear'
    return asShareOfStep(
      trace,
      tell`${share('reloads', often)} of the requests after the first load the model, for ${ms('load', loadMs)}. The same options in all requests
        (num_ctx), and a longer keep_alive, keep it loaded.`,
      (often * loadMs) / window.stepMs,
    )
  },
})
