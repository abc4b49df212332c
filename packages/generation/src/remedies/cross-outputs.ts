// A decoder with an encoder re-emits the encoder's keys and values at each token, although they never change: copies of as many bytes as the audio
// or the text is long, for each layer and token. https://github.com/huggingface/optimum/pull/872
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph, withoutDead } from '@whyslow/graph/edit.ts'
import { isOperator } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { GraphProto } from 'onnx-buf'
import type { CacheEntry } from '../recognize/layout.ts'
import { defineGeneratorRemedy, type RemedyTarget } from './kit/remedy.ts'

export const crossOutputs = defineGeneratorRemedy({
  id: 'constant-cross-outputs',
  title: 'Keys and values of the encoder are no longer returned',
  description: "The encoder's keys and values stay what they were fed, so that the decoder need not copy them out at each token.",
  lossless: true,
  variants: [''],
  applies: (target) => {
    const found = find(target)
    return typeof found === 'string' ? found : true
  },
  async rewrite(target) {
    const found = find(target)
    if (typeof found === 'string') return found
    const graph = target.model.proto.graph!
    const gone = new Set(found.map(({ present }) => present))
    const output = graph.output.filter(({ name }) => !gone.has(name))
    const changes = [
      `${count(found.length, 'output')} of the encoder's keys and values dropped, which ${target.hasFirst ? 'the first call gave' : 'equal what is fed'}`,
    ]
    return { model: withGraph(target.model, withoutDead(copyWith(graph, { output }))), changes }
  },
})

function find({ model, layout, hasFirst = false }: RemedyTarget): readonly CacheEntry[] | string {
  const cross = layout.cache.filter(({ role, present }) => role === 'cross' && present !== null)
  if (cross.length === 0) return 'it returns no keys and values of an encoder'
  const graph = model.proto.graph!
  // Behind another graph's first call nobody takes them.
  const constant = hasFirst ? cross : cross.filter((entry) => isPassedThrough(graph, entry))
  if (constant.length > 0) return constant
  return layout.inputs.useCache === undefined
    ? "it computes the encoder's keys and values itself, which only its first call needs"
    : 'its first call computes them in a branch: split the branches first'
}

/** The output is the input, under another name. */
function isPassedThrough(graph: GraphProto, { past, present }: CacheEntry): boolean {
  const { producers } = linksOf(graph)
  let at = present!
  for (let made = producers.get(at); isOperator(made, 'Identity'); made = producers.get(at)) at = made.input[0]!
  return at === past
}
