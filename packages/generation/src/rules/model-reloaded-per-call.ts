// The model, or the context that holds its cache, is opened again for each call: by a program, or by a server that was asked for other options.
import { ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, isFelt } from '../rule.ts'

/** Every second call and more often. */
const OFTEN = 0.5

export const modelReloadedPerCall = defineRule({
  id: 'model-reloaded-per-call',
  area: 'software',
  title: 'The model is loaded again for each call',
  needs: ['opening', 'speed', 'setup'],
  check({ opening: { opensPerCall, openMs, place }, ...given }) {
    const firstMs = Math.min(1, opensPerCall) * openMs
    if (opensPerCall < OFTEN || !isFelt(given, { firstMs })) return 'clear'
    return {
      ...tell`The model is loaded ${number('opens', Number(opensPerCall.toFixed(1)), 'times')} times a call, for ${ms('open', openMs)} each:
        ${share('share', firstMs / firstTokenMsOf(given))} of the first token. Kept, it takes none.`,
      ...costs(given, { firstMs }, { basis: 'measured' }),
      ...(place === null ? {} : { nodes: [place] }),
    }
  },
})
