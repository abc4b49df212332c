// Attention written in pieces joins the cache with what is new in a fresh copy at each token, repeats its heads for the queries, and starts a dozen
// kernels a layer.
import { isOperator, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { decoderLayout } from '../recognize/layout.ts'
import { type CachedAttention, findCachedAttention } from './attention/cached-attention.ts'
import { feedsOne } from './attention/evaluate-part.ts'
import { fuseAttention } from './attention/fuse.ts'
import { type MaskUse, type MaskUses, maskKey, maskUsesOf } from './attention/mask-uses.ts'
import { windowExcess } from './attention/window.ts'
import { defineGeneratorRemedy, type RemedyTarget, type RemedyTools } from './kit/remedy.ts'

export const groupQueryAttention = defineGeneratorRemedy({
  id: 'group-query-attention',
  title: 'Attention over the cache as one node',
  description:
    'GroupQueryAttention reads the cache in place and appends new tokens to it, instead of copying it and repeating its heads.',
  lossless: true,
  variants: [''],
  applies: (target) => {
    const found = find(target)
    return typeof found === 'string' ? found : true
  },
  async rewrite(target, _, tools) {
    let [current, found] = [target, find(target)]
    if (typeof found === 'string') return found
    const fused: CachedAttention[] = []
    const counts = { inside: 0, window: 0, bias: 0 }
    // Shapes may be known behind an attention only when it is one node: what is found then is fused in another round.
    while (typeof found !== 'string') {
      fused.push(...found)
      const seen = await maskUsesOf(target, found, { ...tools, standIns: fused })
      const uses = typeof seen === 'string' ? seen : await asCounted(seen, tools)
      if (typeof uses === 'string') return uses
      const own = found.map((attention) => uses.get(maskKey(attention)))
      counts.window += own.filter((use) => use !== undefined && use.keys !== null).length
      counts.bias += own.filter((use) => use !== undefined && use.bias !== null).length
      const rewritten = await fuseAttention(current, found, { ...tools, uses })
      if (typeof rewritten === 'string') return rewritten
      counts.inside += rewritten.inside
      const { inputs, outputs } = viewGraph(rewritten.model)
      current = { ...current, model: rewritten.model, layout: decoderLayout(inputs, outputs)! }
      found = find(current)
    }
    const share = (number: number, what: string) =>
      number === 0 ? '' : `, ${number === fused.length ? 'with' : `${number} of them with`} ${what}`
    const kinds = [
      share(counts.inside, 'rotary positions inside'),
      share(counts.window, 'a window of the last tokens'),
      share(counts.bias, 'a bias on its scores'),
    ]
    return {
      model: current.model,
      changes: [`${count(fused.length, 'attention')} over a cache as GroupQueryAttention${kinds.join('')}`],
    }
  },
})

/** The windows as the engine counts them; why it cannot have one, in one line. */
async function asCounted(uses: MaskUses, tools: RemedyTools): Promise<MaskUses | string> {
  if ([...uses.values()].every(({ keys }) => keys === null)) return uses
  const excess = await windowExcess(tools)
  const counted = new Map<string, MaskUse>()
  for (const [masks, use] of uses) {
    const keys = use.keys === null ? null : use.keys - (excess ?? use.keys)
    if (keys !== null && keys < 1)
      return `${masks} shows the last ${use.keys} tokens, and the engine's attention has no such window`
    counted.set(masks, { ...use, keys })
  }
  return counted
}

function find({ model, layout }: RemedyTarget): readonly CachedAttention[] | string {
  const graph = model.proto.graph!
  const isFused = graph.node.some((one) => isOperator(one, 'com.microsoft:GroupQueryAttention'))
  const softmaxes = graph.node.filter((one) => isOperator(one, 'Softmax'))
  if (softmaxes.length === 0)
    return isFused ? 'its attention is GroupQueryAttention already' : 'it has no attention written in pieces'
  if (!layout.cache.some(({ role }) => role === 'self')) return 'it keeps no keys and values between calls'
  const matching = matchGraph(model, graph)
  const found = softmaxes.map((softmax) => findCachedAttention(matching, softmax, layout))
  const attentions = found.filter((one) => typeof one !== 'string')
  if (attentions.length === 0) return found[0] as string
  const open = feedsOne(layout) ? undefined : attentions.find(({ masks }) => masks.length === 0)
  return open === undefined ? attentions : `${open.softmax.name || open.softmax.output[0]}: no mask keeps later tokens from it`
}
