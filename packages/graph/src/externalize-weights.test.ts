import { expect, test } from 'vitest'
import { floatTensor, type ModelParts, model, modelInMemory, node, rawTensor, stringTensor, valueInfo } from './build.ts'
import { copyWith } from './copy.ts'
import { inlineWeights, withExternalWeights } from './externalize-weights.ts'
import { externalRange, externalReference, isExternal, tensorType } from './tensor-data.ts'

const numbers = Float32Array.from({ length: 300 }, (_, k) => k)
const large = (name: string) => floatTensor(name, [300], numbers)
const typed = copyWith(large('t'), { rawData: undefined, floatData: [...numbers] })
const range = { location: 'beside', offset: 64, length: 1200 }
const madeOf = (parts: Partial<ModelParts>) =>
  modelInMemory(model({ nodes: [], outputs: [valueInfo('y', 'float32', [300])], ...parts }))
const constant = node('Constant', [], ['c'], { value: large('') })

test('large tensors of whole bytes, wherever their numbers stand', () => {
  const found = inlineWeights(
    madeOf({
      nodes: [constant, node('Constant', [], ['f'], { value_floats: { floats: [...numbers] } })],
      initializers: [
        large('w'),
        typed,
        floatTensor('small', [2], [1, 2]),
        externalReference(large('outside'), range),
        rawTensor('int4', 'int4', [4096], new Uint8Array(2048)),
        stringTensor('words', [1], ['w'.repeat(2000)]),
      ],
    }),
  )
  expect(found.map(({ name, bytes }) => [name, bytes.byteLength])).toEqual([
    ['w', 1200],
    ['t', 1200],
    ['c', 1200],
  ])
  expect(found.every(({ bytes }) => Buffer.from(bytes).equals(Buffer.from(numbers.buffer)))).toBe(true)
})

test('where every initializer has to be an input, Constant nodes stay', () => {
  expect(inlineWeights(madeOf({ nodes: [constant], initializers: [large('w')], irVersion: 3 })).map(({ name }) => name)).toEqual([
    'w',
  ])
})

test('what held a weight holds a reference, and a Constant node is an initializer', () => {
  const before = madeOf({ nodes: [constant, node('Add', ['w', 'c'], ['y'])], initializers: [large('w'), typed] })
  const outside = new Map(
    inlineWeights(before).map(({ holder, tensor, name }) => [holder, externalReference(copyWith(tensor, { name }), range)]),
  )
  const graph = withExternalWeights(before, outside).proto.graph!
  expect(graph.node.map(({ opType }) => opType)).toEqual(['Add'])
  expect(graph.initializer.map(({ name }) => name)).toEqual(['w', 't', 'c'])
  for (const tensor of graph.initializer) {
    expect(isExternal(tensor)).toBe(true)
    expect([tensor.rawData.byteLength, tensor.floatData.length]).toEqual([0, 0])
    expect(externalRange(tensor, tensorType(tensor))).toEqual(range)
  }
})
