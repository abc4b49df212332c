import { create } from '@bufbuild/protobuf'
import { SparseTensorProtoSchema, type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import {
  attribute,
  floatTensor,
  graph,
  int64Tensor,
  model,
  modelFunction,
  modelInMemory,
  node,
  rawTensor,
  stringTensor,
  valueInfo,
} from './build.ts'
import { type Constant, constantsOf, countParameters, readBytes, readStrings, weightsBytes } from './constants.ts'
import { decodeNumbers } from './decode.ts'
import { dataTypeOf } from './dtype.ts'
import { InputError } from './input-error.ts'
import type { Model } from './model.ts'
import type { DType } from './types.ts'

const y = valueInfo('y', 'float32', [1])

function holding(...initializers: TensorProto[]): Model {
  return modelInMemory(
    model({ nodes: [node('Identity', ['x'], ['y'])], inputs: [valueInfo('x', 'float32', [1])], outputs: [y], initializers }),
  )
}

function typed(dtype: DType, dims: number[], fields: Partial<TensorProto>): TensorProto {
  return create(TensorProtoSchema, { name: 't', dataType: dataTypeOf(dtype), dims: dims.map(BigInt), ...fields } as never)
}

function only(model: Model): Constant {
  const constants = constantsOf(model)
  expect(constants).toHaveLength(1)
  return constants[0]!
}

function numbers(model: Model): readonly number[] | undefined {
  const constant = only(model)
  return decodeNumbers(readBytes(model, constant), constant.dtype, constant.elementCount)
}

describe('reading', () => {
  test('raw data are a view, not a copy', () => {
    const tensor = floatTensor('t', [2], [1, 2])
    const model = holding(tensor)
    expect(readBytes(model, only(model))).toBe(tensor.rawData)
  })

  test.each<[DType, Partial<TensorProto>, number[]]>([
    ['float32', { floatData: [1.5, -2] }, [1.5, -2]],
    ['float64', { doubleData: [0.1, 1e300] }, [0.1, 1e300]],
    ['int32', { int32Data: [-1, 7] }, [-1, 7]],
    ['int16', { int32Data: [-300, 300] }, [-300, 300]],
    ['int8', { int32Data: [-128, 127] }, [-128, 127]],
    ['uint8', { int32Data: [0, 255] }, [0, 255]],
    ['bool', { int32Data: [0, 1] }, [0, 1]],
    ['int64', { int64Data: [-1n, 5n] }, [-1, 5]],
    ['uint32', { uint64Data: [4294967295n, 1n] }, [4294967295, 1]],
    ['uint64', { uint64Data: [1n, 2n] }, [1, 2]],
    // float16 is stored as its bits: 0x3c00 = 1, 0xc000 = -2.
    ['float16', { int32Data: [0x3c00, 0xc000] }, [1, -2]],
    // Two int4 in one entry, low half first: 0xf8 is -8 and -1.
    ['int4', { int32Data: [0xf8] }, [-8, -1]],
    ['float8e4m3fn', { int32Data: [0x7e, 0x01] }, [448, 2 ** -9]],
  ])('%s in a typed field', (dtype, fields, expected) => {
    expect(numbers(holding(typed(dtype, [2], fields)))).toEqual(expected)
  })

  test('strings', () => {
    const model = holding(stringTensor('t', [2], ['ab', 'ü']))
    const constant = only(model)
    expect(readStrings(constant)).toEqual(['ab', 'ü'])
    // Two bytes, and two for the u with dots.
    expect(constant.sizeBytes).toBe(4)
    expect(() => readBytes(model, constant)).toThrow(InputError)
  })

  test.each([
    ['value_float', { float: 2.5 }, 'float32', [], [2.5]],
    ['value_floats', { floats: [1, 2] }, 'float32', [2], [1, 2]],
    ['value_int', 7, 'int64', [], [7]],
    ['value_ints', [3, -4], 'int64', [2], [3, -4]],
    ['value', floatTensor('', [1, 1], [9]), 'float32', [1, 1], [9]],
  ] as const)('a Constant node with %s', (name, value, dtype, shape, expected) => {
    const model = modelInMemory(modelOf([node('Constant', [], ['y'], { [name]: value })]))
    expect(only(model)).toMatchObject({ name: 'y', dtype, shape, from: 'constant-node' })
    expect(numbers(model)).toEqual(expected)
  })

  function modelOf(nodes: ReturnType<typeof node>[]) {
    return model({ nodes, outputs: [y] })
  }

  test('sparse: linear and per-dimension indices', () => {
    const sparse = (indices: TensorProto) => {
      const proto = modelOf([])
      const values = floatTensor('s', [2], [5, 6])
      proto.graph!.sparseInitializer.push(create(SparseTensorProtoSchema, { values, indices, dims: [2n, 3n] }))
      return modelInMemory(proto)
    }
    // Element [0,2] is the third, [1,1] the fifth of six.
    const dense = [0, 0, 5, 0, 6, 0]
    expect(numbers(sparse(int64Tensor('', [2], [2, 4])))).toEqual(dense)
    expect(numbers(sparse(int64Tensor('', [2, 2], [0, 2, 1, 1])))).toEqual(dense)
    expect(() => numbers(sparse(int64Tensor('', [2], [2, 6])))).toThrow(/do not fit/)
    // Stored: two floats and two int64.
    expect(only(sparse(int64Tensor('', [2], [2, 4]))).sizeBytes).toBe(24)
  })

  test('sparse: what would be gigabytes when it is dense is refused', () => {
    const proto = modelOf([])
    const [values, indices] = [floatTensor('s', [1], [5]), int64Tensor('', [1], [2])]
    proto.graph!.sparseInitializer.push(create(SparseTensorProtoSchema, { values, indices, dims: [2n ** 30n, 2n] }))
    expect(() => numbers(modelInMemory(proto))).toThrow(InputError)
  })

  test('external data, whole and in part of a file', () => {
    const file = new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer)
    const model = {
      ...holding(external({ location: 'w.bin', offset: '4', length: '8' })),
      weights: new Map([['w.bin', sourceOf(file)]]),
    }
    expect(only(model)).toMatchObject({ from: 'external', sizeBytes: 8 })
    expect(numbers(model)).toEqual([1, 2])
  })

  test.each([
    [{ location: 'w.bin', offset: '12', length: '8' }, /ends after the end of 'w.bin'/],
    [{ location: 'w.bin', length: '4' }, /needs 8/],
    [{ location: 'other.bin' }, /not opened/],
    [{ location: 'w.bin', offset: '-4' }, /no valid offset/],
    [{ offset: '0' }, /without a file name/],
  ])('external data that cannot be there: %j', (entries, message) => {
    const model = { ...holding(external(entries)), weights: new Map([['w.bin', sourceOf(new Uint8Array(16))]]) }
    expect(() => readBytes(model, only(model))).toThrow(message)
  })

  function external(entries: Record<string, string>): TensorProto {
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }))
    return typed('float32', [2], { externalData, dataLocation: TensorProto_DataLocation.EXTERNAL } as never)
  }

  function sourceOf(bytes: Uint8Array) {
    return {
      sizeBytes: bytes.length,
      read(offset: number, length: number) {
        if (offset + length > bytes.length) throw new RangeError('too far')
        return bytes.slice(offset, offset + length)
      },
    }
  }

  test.each([
    [rawTensor('t', 'float32', [3], new Uint8Array(8)), /holds 8 bytes, but its shape needs 12/],
    [typed('float32', [3], { floatData: [1] }), /holds 1 numbers, but its shape needs 3/],
  ])('data that do not fit the shape', (tensor, message) => {
    const model = holding(tensor)
    expect(() => readBytes(model, only(model))).toThrow(message)
  })

  test.each([
    [typed('float32', [-1], {}), /dimension of -1/],
    [create(TensorProtoSchema, { name: 't', dataType: 77 }), /element type 77/],
  ])('types that make no sense', (tensor, message) => {
    expect(() => constantsOf(holding(tensor))).toThrow(message)
  })
})

describe('finding and counting', () => {
  const branch = (name: string) =>
    graph({
      nodes: [node('Constant', [], [name], { value: floatTensor('', [5], [1, 2, 3, 4, 5]) })],
      outputs: [valueInfo(name, 'float32', [5])],
      initializers: [floatTensor(`${name}_unused`, [2], [0, 0])],
    })
  const proto = model({
    nodes: [
      node('If', ['flag'], ['y'], { then_branch: branch('a'), else_branch: branch('b') }),
      node({ opType: 'Scale', domain: 'local' }, ['y'], ['z']),
      node({ opType: 'LinearRegressor', domain: 'ai.onnx.ml' }, ['z'], ['r'], {
        coefficients: { floats: [1, 2, 3] },
        targets: 1,
      }),
    ],
    inputs: [valueInfo('flag', 'bool', []), valueInfo('w', 'float32', [3])],
    outputs: [valueInfo('r', 'float32', [1])],
    initializers: [
      floatTensor('w', [3], [1, 2, 3]),
      int64Tensor('shape', [2], [1, -1]),
      rawTensor('q', 'int8', [7], new Uint8Array(7)),
    ],
    functions: [
      modelFunction({
        name: 'Scale',
        domain: 'local',
        inputs: ['i'],
        outputs: ['o'],
        nodes: [node('Constant', [], ['k'], { value_float: { float: 2 } }), node('Mul', ['i', 'k'], ['o'])],
      }),
    ],
  })

  test('in the graph, its subgraphs and functions', () => {
    const found = constantsOf({ proto }).map(({ name, isGraphInput }) => `${name}${isGraphInput ? ' (input)' : ''}`)
    expect(found.sort()).toEqual(['a', 'a_unused', 'b', 'b_unused', 'k', 'q', 'shape', 'w (input)'])
  })

  test('parameters: floats and small integers, not shapes', () => {
    // w 3 + q 7 + two branches of 5 + 2, the function's 1, and three coefficients.
    expect(countParameters({ proto })).toBe(3 + 7 + 2 * 7 + 1 + 3)
    // Bytes: w 12, shape 16, q 7, branches 2 x 28, the function's 4, three coefficients 12.
    expect(weightsBytes({ proto })).toBe(12 + 16 + 7 + 56 + 4 + 12)
  })

  test('a Constant whose value is a parameter of its function is no constant', () => {
    const parameter = node('Constant', [], ['k'])
    parameter.attribute.push(attribute('value_float', { parameter: 'alpha' }))
    expect(constantsOf({ proto: model({ nodes: [parameter], outputs: [] }) })).toEqual([])
  })
})
