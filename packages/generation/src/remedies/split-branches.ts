// A merged decoder has two graphs under one If: one for the first call, and one that reads the cache (use_cache_branch). The engine optimizes
// nothing across the border of a branch, and copies what the branch gives. As two graphs, each is optimized whole.
// https://github.com/huggingface/optimum-onnx (merge_decoders)
import { rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph, withoutDead } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { withKnownBranches } from '@whyslow/graph/rewrite/known-branches.ts'
import { isOperator } from '@whyslow/graph/rewrite/match.ts'
import { readsOf } from '@whyslow/graph/walk.ts'
import { defineGeneratorRemedy, type RemedyTarget } from './kit/remedy.ts'

export const splitBranches = defineGeneratorRemedy({
  id: 'split-branches',
  title: 'A merged decoder as a graph for the prompt and one for tokens',
  description:
    'The branches on use_cache_branch become graphs of their own, which the engine optimizes whole and whose results it does not copy.',
  lossless: true,
  variants: [''],
  applies: (target) => {
    const name = branchInput(target)
    return name === null ? 'it has no input use_cache_branch that chooses between two graphs' : true
  },
  async rewrite(target) {
    const name = branchInput(target)
    if (name === null) return 'it has no input use_cache_branch that chooses between two graphs'
    const [decode, prefill] = [true, false].map((isUsed) => withBranch(target.model, name, isUsed))
    if (decode === undefined || prefill === undefined) return `the branches on ${name} cannot be taken out of their If`
    return { model: decode, prefill, changes: [`the branches on ${name} as two graphs`] }
  },
})

function branchInput({ model, layout }: RemedyTarget): string | null {
  const name = layout.inputs.useCache?.name
  const chooses = model.proto.graph!.node.some((one) => isOperator(one, 'If') && one.input[0] === name)
  return name !== undefined && chooses ? name : null
}

/** undefined: an If on the input is left. Inputs that this graph does not read are gone. */
function withBranch(model: Model, input: string, isUsed: boolean): Model | undefined {
  const graph = model.proto.graph!
  const truth = rawTensor(input, 'bool', [1], Uint8Array.of(isUsed ? 1 : 0))
  const fixed = withGraph(
    model,
    copyWith(graph, { input: graph.input.filter(({ name }) => name !== input), initializer: [...graph.initializer, truth] }),
  )
  const found = withKnownBranches(fixed)
  const inlined = found?.model.proto.graph
  if (found === undefined || inlined === undefined || inlined.node.some((one) => isOperator(one, 'If') && one.input[0] === input))
    return undefined
  const lean = withoutDead(inlined)
  const read = new Set([...lean.node.flatMap(readsOf), ...lean.output.map(({ name }) => name)])
  return withGraph(found.model, copyWith(lean, { input: lean.input.filter(({ name }) => read.has(name)) }))
}
