// With several requests at the same time the first token comes late, while the tokens after it come as fast as before: requests wait in a queue.
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule, firstTokenMsOf, isFelt, tokenMsOf } from '../rule.ts'

/** Share of the first token's time. */
const LEAST_SHARE = 0.5
/** Time per token over that of one request alone: above it they share the engine, and do not wait for it. */
const SHARED = 1.5

export const queueingDominates = defineRule({
  id: 'queueing-dominates',
  area: 'software',
  title: 'Queueing: requests wait longer for their turn than for their first token',
  needs: ['together', 'speed', 'setup'],
  check({ together, ...given }) {
    const waitMs = together.firstTokenMs - firstTokenMsOf(given)
    if (waitMs < LEAST_SHARE * together.firstTokenMs || together.tokenMs > SHARED * tokenMsOf(given)) return 'clear'
    if (!isFelt(given, { firstMs: waitMs })) return 'clear'
    return {
      ...tell`With ${countFact('client', together.clients)} the first token takes ${ms('together', together.firstTokenMs)}, alone
        ${ms('alone', firstTokenMsOf(given))}; a token after it takes ${ms('token', together.tokenMs)}, as it does alone. Requests wait in a queue of
        whole answers: a server that computes several together does not.`,
      timeMs: waitMs,
      wouldSaveMs: null,
      savingUnknown: 'it depends on the load',
      basis: 'measured',
    }
  },
})
