import { int64Tensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { freshNames } from '@whyslow/graph/edit.ts'
import { matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, it } from 'vitest'
import { decoderLayout } from '../../recognize/layout.ts'
import { lengthsFromMask } from './past-length.ts'

it('takes lengths of what the decoder holds from the mask, and that of the encoder’s keys from these', () => {
  const cache = (name: string, length: string) => valueInfo(name, 'float32', ['batch', 2, length, 8])
  const names = ['decoder.key', 'encoder.key']
  const length = (name: string) => [
    node('Shape', [`past_key_values.0.${name}`], [`${name}_shape`]),
    node('Gather', [`${name}_shape`, 'two'], [`${name}_length`]),
  ]
  const given = modelInMemory(
    model({
      nodes: [
        ...names.flatMap(length),
        node(
          'Add',
          names.map((name) => `${name}_length`),
          ['sum'],
        ),
        node('Shape', ['present.0.decoder.key'], ['all'], { start: 2, end: 3 }),
        node('Add', ['sum', 'all'], ['both']),
        node('Cast', ['both'], ['logits'], { to: 1 }),
        ...names.map((name) => node('Identity', [`past_key_values.0.${name}`], [`present.0.${name}`])),
      ],
      initializers: [int64Tensor('two', [], [2])],
      inputs: [
        valueInfo('input_ids', 'int64', ['batch', 'new']),
        ...names.map((name) => cache(`past_key_values.0.${name}`, 'length')),
      ],
      outputs: [valueInfo('logits', 'float32', []), ...names.map((name) => cache(`present.0.${name}`, 'all'))],
    }),
  )
  const { inputs, outputs } = viewGraph(given)
  const graph = given.proto.graph!
  const layout = decoderLayout(inputs, outputs)!
  const joined = new Map([['present.0.decoder.key', 2]])
  const { read } = lengthsFromMask(matchGraph(given, graph), layout, { mask: 'attention_mask', joined }, freshNames(graph))
  expect([...read!]).toEqual([
    ['decoder.key_length', 'held_tokens'],
    ['all', 'all_tokens_list'],
  ])
})
