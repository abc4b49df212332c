// Of a prompt only the last position's logits are used; a graph that computes all multiplies each position by the head, and copies all of them to JavaScript.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, fixGenerator, isFelt, partMs, sumOf } from '../rule.ts'

export const allPositionLogits = defineRule({
  id: 'all-position-logits',
  area: 'software',
  title: 'Prefill computes the logits of every position of the prompt',
  needs: ['graph', 'speed', 'setup'],
  wants: ['firstTokenParts', 'weights'],
  check({ graph, firstTokenParts, weights, ...given }) {
    const { promptTokens } = given.setup
    if (graph.logits !== 'all') return 'clear'
    const headMs = partMs(firstTokenParts, 'head')
    if (headMs === undefined && weights === undefined)
      return { notChecked: 'what the head takes of the first token is not known', missing: 'firstTokenParts' }
    const copiedMs = partMs(firstTokenParts, 'logits-copied') ?? 0
    const timeMs = (headMs ?? headShare(weights!) * firstTokenMsOf(given)) + copiedMs
    const saving = { firstMs: timeMs * (1 - 1 / Math.max(1, promptTokens)) }
    if (!isFelt(given, saving)) return 'clear'
    return {
      ...tell`The head runs for all of ${countFact('token', promptTokens, 'prompt-tokens')} and takes ${ms('head', timeMs)} with copying their logits,
        ${share('share', timeMs / firstTokenMsOf(given))} of the first token. Only the last position's logits are used.`,
      ...costs(given, { firstMs: timeMs }, { saving, basis: headMs === undefined ? 'modelled' : 'measured' }),
      nodes: graph.headNode === null ? [] : [graph.headNode],
      next: fixGenerator(),
    }
  },
})

/** The head's share of a prompt's multiplications. */
const headShare = (weights: readonly { readonly role: string; readonly elements: number }[]): number =>
  sumOf(
    weights.filter(({ role }) => role === 'head'),
    ({ elements }) => elements,
  ) /
  Math.max(
    1,
    sumOf(weights, ({ elements }) => elements),
  )
