import { floatTensor, graph, int64Tensor, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import { codesOf, written } from '../../../test/support/tflite/write/example-write.ts'
import { readRoot } from '../flatbuffer.ts'
import { codeOf } from '../operator-codes.ts'
import { MODEL } from '../schema.ts'
import { encodeLite } from './index.ts'

const counting = (count: number): number[] => Array.from({ length: count }, (_, k) => k)
const image = valueInfo('x', 'float32', ['batch', 2, 4, 4])

describe('layouts', () => {
  test('channels first between transposes costs none, and lies channels last', () => {
    const graph = written({
      inputs: [valueInfo('x', 'float32', ['batch', 4, 4, 2])],
      outputs: [valueInfo('y', 'float32', ['batch', 4, 4, 3])],
      values: [
        valueInfo('first', 'float32', ['batch', 2, 4, 4]),
        valueInfo('conv', 'float32', ['batch', 3, 4, 4]),
        valueInfo('relu', 'float32', ['batch', 3, 4, 4]),
      ],
      initializers: [floatTensor('w', [3, 2, 3, 3], counting(54))],
      nodes: [
        node('Transpose', ['x'], ['first'], { perm: [0, 3, 1, 2] }),
        node('Conv', ['first', 'w'], ['conv'], { pads: [1, 1, 1, 1] }),
        node('Relu', ['conv'], ['relu']),
        node('Transpose', ['relu'], ['y'], { perm: [0, 2, 3, 1] }),
      ],
    })
    expect(codesOf(graph)).toEqual(['CONV_2D'])
    const [conv] = graph.operators
    expect(conv!.options!.fields).toMatchObject({ padding: 0, fused_activation_function: 1 })
    expect(conv!.inputs[1]!.shape).toEqual([3, 3, 3, 2])
    // Of output channel 0: the first cell of both input channels, which lie 9 apart in ONNX.
    expect(Array.from(conv!.inputs[1]!.data as Float32Array).slice(0, 4)).toEqual([0, 9, 1, 10])
  })

  test('a flatten before a product puts the rows of its weights in order, instead of a transpose', () => {
    const graph = written({
      inputs: [valueInfo('x', 'float32', ['batch', 2, 2, 2])],
      outputs: [valueInfo('y', 'float32', ['batch', 1])],
      values: [valueInfo('first', 'float32', ['batch', 2, 2, 2]), valueInfo('flat', 'float32', ['batch', 8])],
      initializers: [floatTensor('w', [8, 1], counting(8))],
      nodes: [
        node('Transpose', ['x'], ['first'], { perm: [0, 3, 1, 2] }),
        node('Flatten', ['first'], ['flat']),
        node('MatMul', ['flat', 'w'], ['y']),
      ],
    })
    expect(codesOf(graph)).toEqual(['RESHAPE', 'FULLY_CONNECTED'])
    // [h, w, c] as it lies: cell 1 is channel 1 of the first place, which ONNX has at 4.
    expect(Array.from(graph.operators[1]!.inputs[1]!.data as Float32Array)).toEqual([0, 4, 1, 5, 2, 6, 3, 7])
  })

  test('outputs keep the layout that they have', () => {
    const graph = written({
      inputs: [image],
      outputs: [valueInfo('y', 'float32', ['batch', 2, 2, 2])],
      nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [2, 2], strides: [2, 2] })],
    })
    expect(codesOf(graph)).toEqual(['TRANSPOSE', 'MAX_POOL_2D', 'TRANSPOSE'])
  })
})

describe('pads', () => {
  const conv = (pads: number[], strides: number[]) =>
    codesOf(
      written({
        inputs: [image],
        outputs: [valueInfo('y', 'float32', ['batch', 1, 2, 2])],
        initializers: [floatTensor('w', [1, 2, 3, 3], counting(18))],
        nodes: [node('Conv', ['x', 'w'], ['y'], { pads, strides })],
      }),
    )
  test('of Torch with a stride are not those of SAME, which puts the odd cell at the end', () => {
    expect(conv([1, 1, 1, 1], [2, 2])).toContain('PAD')
    expect(conv([0, 0, 1, 1], [2, 2])).not.toContain('PAD')
  })
})

describe('what is folded', () => {
  const three = (...values: number[]) => floatTensor(`c${values.join()}`, [3], values)
  test('BatchNormalization goes into the convolution', () => {
    const graph = written({
      inputs: [valueInfo('x', 'float32', [1, 1, 1, 1])],
      outputs: [valueInfo('y', 'float32', [1, 3, 1, 1])],
      values: [valueInfo('conv', 'float32', [1, 3, 1, 1])],
      initializers: [
        floatTensor('w', [3, 1, 1, 1], [1, 2, 3]),
        three(2, 2, 2),
        three(1, 1, 1),
        three(4, 4, 4),
        three(0.25, 0.25, 0.25),
      ],
      nodes: [
        node('Conv', ['x', 'w'], ['conv']),
        node('BatchNormalization', ['conv', 'c2,2,2', 'c1,1,1', 'c4,4,4', 'c0.25,0.25,0.25'], ['y'], { epsilon: { float: 0 } }),
      ],
    })
    const conv = graph.operators.find(({ code }) => code === 'CONV_2D')!
    // gamma / √variance = 4; beta - mean · 4 = -15.
    expect(Array.from(conv.inputs[1]!.data as Float32Array)).toEqual([4, 8, 12])
    expect(Array.from(conv.inputs[2]!.data as Float32Array)).toEqual([-15, -15, -15])
  })

  test('what another reads stays', () => {
    const graph = written({
      inputs: [valueInfo('x', 'float32', [1, 4])],
      outputs: [valueInfo('y', 'float32', [1, 3]), valueInfo('product', 'float32', [1, 3])],
      initializers: [floatTensor('w', [4, 3], counting(12)), three(1, 2, 3)],
      nodes: [node('MatMul', ['x', 'w'], ['product']), node('Add', ['product', 'c1,2,3'], ['y'])],
    })
    expect(codesOf(graph)).toEqual(['FULLY_CONNECTED', 'ADD'])
  })
})

describe('what ONNX and TFLite mean differently', () => {
  const resized = (scale: number, opset: number) =>
    written({
      inputs: [valueInfo('x', 'float32', [1, 1, 5, 5])],
      outputs: [valueInfo('y', 'float32', [1, 1, Math.floor(5 * scale), Math.floor(5 * scale)])],
      initializers: [floatTensor('scales', [4], [1, 1, scale, scale])],
      nodes: [node('Resize', opset < 11 ? ['x', 'scales'] : ['x', '', 'scales'], ['y'], { mode: 'linear' })],
      opset,
    })

  test('Resize matches places by its scales: those that are rounded are refused', () => {
    expect(codesOf(resized(2, 17))).toContain('RESIZE_BILINEAR')
    expect(() => resized(1.3, 17)).toThrow(/its scales do not give whole sizes$/)
  })

  test('Resize before opset 11 is asymmetric', () => {
    const flags = (opset: number) =>
      resized(2, opset).operators.find(({ code }) => code === 'RESIZE_BILINEAR')!.options!.fields.half_pixel_centers
    expect([flags(10), flags(11)]).toEqual([false, true])
  })

  test('a constant alone can have the rank of the result', () => {
    const { operators } = written({
      inputs: [valueInfo('x', 'float32', ['batch', 3])],
      outputs: [valueInfo('y', 'float32', [1, 'batch', 3])],
      initializers: [floatTensor('c', [1, 1, 3], counting(3))],
      nodes: [node('Add', ['x', 'c'], ['y'])],
    })
    expect(operators[0]!.inputs[1]!.shape).toEqual([1, 1, 3])
  })

  test('the size that a ConvTranspose is told leaves the odd cell to be cut at the front', () => {
    const { operators } = written({
      inputs: [valueInfo('x', 'float32', [1, 1, 1, 4])],
      outputs: [valueInfo('y', 'float32', [1, 1, 1, 9])],
      initializers: [floatTensor('w', [1, 1, 1, 4], counting(4))],
      nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { strides: [1, 2], output_shape: [1, 9] })],
    })
    const cut = operators.find(({ code }) => code === 'STRIDED_SLICE')!
    expect(Array.from(cut.inputs[1]!.data as Int32Array)).toEqual([0, 0, 1, 0])
  })

  test('places are counted from the front', () => {
    const { operators } = written({
      inputs: [valueInfo('x', 'float32', [3, 4])],
      outputs: [valueInfo('y', 'float32', [2])],
      initializers: [int64Tensor('places', [2, 2], [0, -1, -2, 3])],
      nodes: [node('GatherND', ['x', 'places'], ['y'])],
    })
    expect(Array.from(operators[0]!.inputs[1]!.data as Int32Array)).toEqual([0, 3, 1, 3])
  })
})

describe('recurrences', () => {
  test('are a loop whose steps begin anew at each prediction, with the input multiplied once before it', () => {
    const graph = written({
      inputs: [valueInfo('x', 'float32', [5, 'batch', 2])],
      outputs: [valueInfo('last', 'float32', [1, 'batch', 3])],
      initializers: [floatTensor('w', [1, 3, 2], counting(6)), floatTensor('r', [1, 3, 3], counting(9))],
      nodes: [node('RNN', ['x', 'w', 'r'], ['', 'last'], { hidden_size: 3 })],
    })
    const loop = graph.operators.find(({ code }) => code === 'WHILE')!
    const [condition, step] = loop.bodies!
    expect(codesOf(condition!)).toEqual(['LESS'])
    expect(codesOf(step!).filter((code) => code === 'FULLY_CONNECTED')).toHaveLength(1)
    const [main, ...others] = readRoot(encodeLite(graph, 'model.onnx'), MODEL, 'model.tflite').subgraphs
    expect(others).toHaveLength(2)
    const options = main!.operators.map(({ builtin_options }) => builtin_options).find((one) => one?.member === 'WhileOptions')
    expect(options!.fields).toEqual({ cond_subgraph_index: 1, body_subgraph_index: 2 })
  })
})

describe('what cannot be written', () => {
  test('is refused by the name of its node, in one line', () => {
    expect(() =>
      written({
        inputs: [image],
        outputs: [valueInfo('y', 'float32', ['batch', 2, 4, 4])],
        nodes: [node({ opType: 'Det', name: 'layer/det' }, ['x'], ['y'])],
      }),
    ).toThrow(/Det 'layer\/det' cannot be written as TFLite: [^\n]+$/)
  })

  test('leaves nothing of itself in the graph around it', () => {
    const body = graph({
      name: 'body',
      inputs: [valueInfo('state', 'float32', [2]), valueInfo('row', 'float32', [2])],
      outputs: [valueInfo('next', 'float32', [2])],
      nodes: [node('Det', ['state'], ['next'])],
    })
    expect(() =>
      written({
        inputs: [valueInfo('x', 'float32', [3, 2]), valueInfo('first', 'float32', [2])],
        outputs: [valueInfo('y', 'float32', [2])],
        values: [valueInfo('state', 'float32', [2]), valueInfo('row', 'float32', [2]), valueInfo('next', 'float32', [2])],
        nodes: [node('Scan', ['first', 'x'], ['y'], { body, num_scan_inputs: 1 })],
      }),
    ).toThrow(/Det 'next' cannot be written as TFLite/)
  })

  test('is what no kernel computes in', () => {
    const divided = (dtype: 'int32' | 'int64') =>
      written({
        inputs: [valueInfo('x', dtype, [2]), valueInfo('z', dtype, [2])],
        outputs: [valueInfo('y', dtype, [2])],
        nodes: [node('Div', ['x', 'z'], ['y'])],
      })
    expect(codesOf(divided('int32'))).toEqual(['DIV'])
    expect(() => divided('int64')).toThrow(/TFLite's DIV does not compute in int64$/)
  })

  test('is not asked of what nobody needs: the mask of a Dropout', () => {
    const dropout = (outputs: string[]) =>
      written({
        inputs: [valueInfo('x', 'float32', [2])],
        outputs: outputs.map((name) => valueInfo(name, name === 'mask' ? 'bool' : 'float32', [2])),
        values: [valueInfo('same', 'float32', [2])],
        nodes: [node('Dropout', ['x'], ['same', 'mask']), node('Relu', ['same'], ['y'])],
      })
    expect(codesOf(dropout(['y']))).toEqual(['RELU'])
    expect(() => dropout(['y', 'mask'])).toThrow(/Dropout 'same' cannot be written as TFLite: its second output/)
  })

  test('is not asked of what nobody needs: sizes that follow from the model', () => {
    const graph = written({
      inputs: [valueInfo('x', 'float32', [1, 4])],
      outputs: [valueInfo('y', 'float32', [2, 2])],
      values: [valueInfo('odd', 'int64', [2])],
      initializers: [int64Tensor('shape', [2], [2, 2])],
      nodes: [node('Unknown', ['shape'], ['odd']), node('Reshape', ['x', 'odd'], ['y'])],
    })
    expect(codesOf(graph)).toEqual(['RESHAPE'])
  })
})

describe('the file', () => {
  const graph = written({
    inputs: [valueInfo('x', 'float32', ['batch', 4])],
    outputs: [valueInfo('y', 'float32', ['batch', 3])],
    initializers: [floatTensor('w', [4, 3], counting(12))],
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
  })
  const bytes = encodeLite(graph, 'model.onnx')
  const root = readRoot(bytes, MODEL, 'model.tflite')

  test('is read back: public names, free batch, weights on 16 bytes, both operator codes', () => {
    expect(root.version).toBe(3)
    expect(root.buffers[0]!.data.byteLength).toBe(0)
    const [main] = root.subgraphs
    expect(main!.operators).toHaveLength(1)
    expect(root.operator_codes).toEqual([
      {
        deprecated_builtin_code: codeOf('FULLY_CONNECTED'),
        builtin_code: codeOf('FULLY_CONNECTED'),
        custom_code: '',
        version: 1,
      },
    ])
    const [signature] = root.signature_defs
    expect(signature!.inputs.map(({ name }) => name)).toEqual(['x'])
    const input = main!.tensors[signature!.inputs[0]!.tensor_index]!
    expect([input.shape, input.shape_signature]).toEqual([
      [1, 4],
      [-1, 4],
    ])
    const weights = main!.tensors[main!.operators[0]!.inputs[1]!]!
    const { data } = root.buffers[weights.buffer]!
    expect(data.byteOffset % 16).toBe(0)
    expect(Array.from(new Float32Array(data.buffer, data.byteOffset, 12))).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
  })

  test('is the same each time', () => expect(encodeLite(graph, 'model.onnx')).toEqual(bytes))
})
