import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect, test } from 'vitest'
import { type PrecisionMethod, precisionMethods } from '../../remedies/kit/remedy.ts'
import { DEFAULT_QUANTIZE_OPTIONS } from '../write/choice.ts'
import { possiblePrecisions } from './possible.ts'

const matrix = floatTensor(
  'w',
  [8, 8],
  Array.from({ length: 64 }, (_, k) => Math.sin(k)),
)
const product = modelInMemory(
  model({
    nodes: [node('Relu', ['x'], ['r']), node('MatMul', ['r', 'w'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 8])],
    outputs: [valueInfo('y', 'float32', [1, 8])],
    initializers: [matrix],
  }),
)
const curve = modelInMemory(
  model({
    nodes: [node('Erf', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 8])],
    outputs: [valueInfo('y', 'float32', [1, 8])],
  }),
)

const named = async (one: typeof product, method: PrecisionMethod | null, allowStatic: boolean) => {
  const { plan } = possiblePrecisions({ method, allowStatic, options: DEFAULT_QUANTIZE_OPTIONS }, async (given) => given)
  const found = await Promise.all(precisionMethods.map(async (asked) => ((await plan(one, asked)).length > 0 ? [asked] : [])))
  return found.flat()
}

test('every method that some layer can have, static where ranges may be found', async () => {
  expect(await named(product, null, true)).toEqual(['dynamic', 'static', 'weights'])
  expect(await named(product, null, false)).toEqual(['dynamic', 'weights'])
  expect(await named(product, 'weights', true)).toEqual(['weights'])
  expect(await named(curve, null, true)).toEqual([])
})
