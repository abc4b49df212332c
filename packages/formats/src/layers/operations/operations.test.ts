import { GraphBuilder } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { describe, expect, test } from 'vitest'
import { kindOf } from '../index.ts'
import type { Argument } from '../layer.ts'
import { type JsonRecord, LayerConfig } from '../layer-config.ts'
import { fromTensorFlow } from './tensorflow-functions.ts'

/** The operators that a call of keras.ops on two tensors becomes. */
function written(className: string, settings: JsonRecord, module = 'keras.src.ops.numpy', dtype: DType = 'float32'): string[] {
  const builder = new GraphBuilder()
  const inputs = ['x', 'y'].map((name) => builder.input(name, dtype, ['batch', 2]))
  const kind = kindOf({ className, module })!
  const { outputs } = kind.write({
    builder,
    kind,
    dialect: module.startsWith('keras') ? 'keras-3' : 'keras-1',
    className,
    name: 'node',
    config: new LayerConfig('model.keras', `layer 'node' (${className})`, settings),
    arrays: new Map(),
    children: new Map(),
    inputs,
    masks: inputs.map(() => undefined),
    args: inputs,
    kwargs: {},
    kwargMasks: {},
  })
  for (const [k, output] of outputs.entries()) builder.output(`out_${k}`, output)
  return builder.build('model').proto.graph!.node.map(({ opType }) => opType)
}

const refusal = (className: string, settings: JsonRecord, module?: string): string => {
  try {
    return `written as ${written(className, settings, module).join()}`
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return (error as Error).message
  }
}

describe('what an operation is told and nobody reads', () => {
  test('is refused by its name', () => {
    expect(refusal('Sum', { name: 'sum', axis: [1], where: 3 })).toBe(
      "model.keras: layer 'node' (Sum) has the argument where, which is not read here; export the model to ONNX where it was made",
    )
  })
  test('says nothing as None, as False, as its name', () => {
    expect(written('Sum', { name: 'sum', trainable: true, axis: [1], where: null, sparse: false })).toContain('ReduceSum')
  })
  test("names of JavaScript's own objects are settings like others", () => {
    expect(refusal('Pad', { pad_width: [1, 1], mode: 'constructor' })).toMatch(/pads by "constructor", which is not written here/)
    expect(refusal('Merge', { mode: 'constructor' }, '')).toMatch(/merges in the mode 'constructor', which is not known/)
  })
})

test('ops.gelu goes by tanh where it does not say otherwise', () => {
  const gelu = (settings: JsonRecord) => written('Gelu', settings, 'keras.src.ops.nn')
  expect(gelu({})).toContain('Tanh')
  expect(gelu({ approximate: true })).toContain('Tanh')
  expect(gelu({ approximate: false })).not.toContain('Tanh')
})

test('integers stay integers if the operation gives them', () => {
  const ofIntegers = (className: string, settings: JsonRecord = {}) =>
    written(className, settings, 'keras.src.ops.numpy', 'int32').filter((opType) => opType !== 'Identity')
  // The indices alone are cast.
  expect(ofIntegers('TopK', { k: 1 })).toEqual(['TopK', 'Cast'])
  expect(ofIntegers('Square')).toEqual(['Mul'])
  expect(ofIntegers('Trunc')).not.toContain('Cast')
  expect(ofIntegers('Sqrt')).toEqual(['Cast', 'Sqrt'])
})

test('cells mirrored with those at the edge are written without a mode that ONNX does not have', () => {
  const settings = {
    pad_width: [
      [0, 0],
      [1, 1],
    ],
    mode: 'symmetric',
  }
  expect(written('Pad', settings)).toContain('Concat')
})

describe("arguments of TensorFlow's functions", () => {
  const asked = (name: string, kwargs: Readonly<Record<string, Argument>>) => fromTensorFlow(name, [null], kwargs)
  test.each([
    ['nn.silu', { beta: 2 }, 'beta'],
    ['gather', { indices: [0], batch_dims: 1 }, 'batch_dims'],
    ['transpose', { perm: [1, 0], conjugate: true }, 'conjugate'],
    ['split', { num_or_size_splits: 2, num: 4 }, 'num'],
    ['toString', {}, undefined],
  ])('tf.%s with %o', (name, kwargs, unread) => expect(asked(name, kwargs)?.unread).toBe(unread))

  test('those that change nothing are no hindrance', () => {
    expect(asked('gather', { indices: [0], batch_dims: 0, name: 'rows', validate_indices: null })?.unread).toBeUndefined()
    expect(asked('nn.silu', { beta: 1 })?.unread).toBeUndefined()
  })
  test('one that stands without a name where no input does', () => {
    expect(fromTensorFlow('nn.relu', [null, 3], {})?.unread).toBe('argument without a name')
  })
})
