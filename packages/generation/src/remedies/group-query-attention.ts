// Attention written in pieces joins the cache with what is new in a fresh copy at each token, repeats its heads for the queries, and starts a dozen
// kernels a layer.
import { isOperator, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { decoderLayout } from '../recognize/layout.ts'
import { type CachedAttention, findCachedAttention } from './attention/cached-attention.ts'
import { areCausal } from './attention/evaluated.ts'
import { fuseAttention } from './attention/fuse.ts'
import { defineGeneratorRemedy, type RemedyTarget } from './kit/remedy.ts'

export const groupQueryAttention = defineGeneratorRemedy({
  id: 'group-query-attention',
  title: 'Attention over the cache as one node',
  description:
    'GroupQueryAttention reads the cache where it is and writes new tokens behind it, instead of copying it and repeating its heads.',
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
    let inside = 0
    // Shapes may be known behind an attention only when it is one node: what is found then is fused in another round.
    while (typeof found !== 'string') {
      fused.push(...found)
      const causal = await areCausal(target, found, { ...tools, standIns: fused })
      if (causal !== true) return causal
      const rewritten = await fuseAttention(current, found, tools)
      if (typeof rewritten === 'string') return rewritten
      inside += rewritten.inside
      const { inputs, outputs } = viewGraph(rewritten.model)
      current = { ...current, model: rewritten.model, layout: decoderLayout(inputs, outputs)! }
      found = find(current)
    }
    const turned = inside === 0 ? '' : `, ${inside === fused.length ? 'with' : `${inside} of them with`} rotary positions inside`
    return { model: current.model, changes: [`${count(fused.length, 'attention')} over a cache as GroupQueryAttention${turned}`] }
  },
})

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
  const open = attentions.find(({ mask }) => mask === undefined)
  return open === undefined ? attentions : `${open.softmax.name || open.softmax.output[0]}: no mask keeps later tokens from it`
}
