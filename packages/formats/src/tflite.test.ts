import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { checkFormat } from '../test/support/check-format.ts'
import { checkOutputs, filesWithOutputs } from '../test/support/check-outputs.ts'
import { MODEL } from './tflite/schema.ts'
import { writeRoot } from './tflite/write/flatbuffer.ts'
import { readTflite } from './tflite.ts'

/** BuiltinOperator. */
const CUSTOM = 32
/** TensorProto.DataType. */
const INT8 = 3
const FOLDER = path.resolve(import.meta.dirname, '../../../fixtures/formats/tflite')

/** Integer kernels round where real numbers do not: one step of 256, or of 65536. */
function toleranceOf(name: string): number {
  if (/^u?int8-/.test(name)) return 0.012
  return name.startsWith('int16-') ? 1e-4 : 1e-5
}

checkOutputs(
  'TFLite',
  readTflite,
  filesWithOutputs(FOLDER).map((file) => ({ file, tolerance: toleranceOf(path.basename(file)) })),
)

checkFormat(readTflite, {
  format: 'tflite',
  reads: [
    {
      file: '../formats/tflite/conv-same-s2.tflite',
      inputs: { x0: 'float32 1x6x5x4' },
      outputs: { output_0: 'float32 1x3x3x5' },
      operators: ['Transpose', 'Conv', 'Relu', 'Transpose'],
      copies: 'filters are turned',
    },
    {
      file: '../formats/tflite/int8-net.tflite',
      inputs: { x0: 'int8 1x6x5x4' },
      outputs: { output_0: 'int8 1x3' },
      operators: (
        'DequantizeLinear QuantizeLinear DequantizeLinear DequantizeLinear DequantizeLinear Transpose Conv QuantizeLinear ' +
        'DequantizeLinear AveragePool QuantizeLinear Reshape DequantizeLinear DequantizeLinear Gemm QuantizeLinear ' +
        'DequantizeLinear Softmax QuantizeLinear DequantizeLinear QuantizeLinear'
      ).split(' '),
      copies: 'filters are turned',
    },
    {
      file: '../formats/tflite/reshape-dynamic.tflite',
      inputs: { x0: 'float32 batchx3x4' },
      outputs: { output_0: 'float32 ?x2x2' },
      operators: ['Reshape'],
    },
  ],
  refuses: [],
})

// onnxruntime names what it makes of weights after them and after their zero points, and fails where two nodes have made the same.
test.each(['cnn', 'residual', 'upscale'])('int8 weights of %s and their zero points have one reader each', async (name) => {
  const { proto } = await readTflite(path.join(FOLDER, `../tflite-quantized/${name}.static.tflite`))
  const int8 = new Set(proto.graph!.initializer.filter(({ dataType }) => dataType === INT8).map((one) => one.name))
  const weights = proto.graph!.node.filter(({ opType, input }) => opType === 'DequantizeLinear' && int8.has(input[0]!))
  const read = weights.flatMap(({ input }) => [input[0]!, input[2]!])
  expect(weights.length).toBeGreaterThan(1)
  expect(new Set(read).size).toBe(read.length)
})

test("nodes of an operator that was made of several layers go by the first of their names ('matmul;Relu;add')", async () => {
  const { proto, origins } = await readTflite(path.join(FOLDER, 'float16-dense.tflite'))
  const names = proto.graph!.node.map((node) => [node.name, origins.get(node)])
  expect(names.slice(0, 2)).toEqual([
    ['matmul/Gemm', 'matmul'],
    ['matmul/Relu', 'matmul'],
  ])
})

describe('signatures of several graphs', () => {
  const both = path.join(FOLDER, 'two-signatures.tflite')
  test('the usual one is read, and the others are named', async () => {
    const { notes, signature } = await readTflite(both)
    expect({ notes, signature }).toEqual({
      notes: ["of the file's signatures 'serving_default' is read; left out: 'tail'"],
      signature: undefined,
    })
  })
  test('another is read with its own names, and is none that a runtime of the format runs by itself', async () => {
    const model = await readTflite(both, { signature: 'tail' })
    expect(model.signature).toBe('tail')
    const x = { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const
    const [results] = await runModel(model, [{ x }])
    expect(results).toMatchObject({ less: { shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) } })
  })
  test('nothing is said of files with one', async () => {
    expect((await readTflite(path.join(FOLDER, 'add.tflite'))).notes).toBeUndefined()
  })
})

describe('custom operators', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-tflite-'))
  afterAll(() => fs.rmSync(folder, { recursive: true }))
  const tensor = (name: string) => ({ name, shape: [2], type: 0, buffer: 0 })
  const withCode = (custom_code: string): string => {
    const operator = { opcode_index: 0, inputs: [0, 1], outputs: [2] }
    const subgraph = { tensors: ['a', 'b', 'c'].map(tensor), inputs: [0, 1], outputs: [2], operators: [operator] }
    const operator_codes = [{ deprecated_builtin_code: CUSTOM, builtin_code: CUSTOM, custom_code }]
    const file = path.join(folder, 'custom.tflite')
    fs.writeFileSync(file, writeRoot({ version: 3, operator_codes, subgraphs: [subgraph], buffers: [{}] }, MODEL, 'TFL3')!)
    return file
  }

  test.each(['ADD', 'toString', 'constructor'])("one called '%s' is none that is built in", async (code) => {
    await expect(readTflite(withCode(code))).rejects.toThrow(`${code} that makes c is a custom operator, which is not read`)
  })
})

describe('damaged files of every kind', () => {
  const names = [
    'dynamic-conv.tflite',
    'float16-conv.tflite',
    'int8-net.tflite',
    'split-v.tflite',
    'strided-slice-ellipsis.tflite',
  ]

  test.each(names)('%s with bytes changed is read or refused in one line', async (name) => {
    const whole = fs.readFileSync(path.join(FOLDER, name))
    const random = mulberry32(7)
    const at = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-tflite-')), name)
    const outcomes = new Set<string>()
    for (let k = 0; k < 40; k++) {
      const copy = Buffer.from(whole)
      for (let flips = 0; flips < 1 + (k % 4); flips++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256)
      fs.writeFileSync(at, copy)
      const error = await readTflite(at).then(
        () => null,
        (reason: unknown) => reason,
      )
      outcomes.add(error === null ? 'read' : 'refused')
      if (error === null) continue
      expect(error).toBeInstanceOf(InputError)
      expect((error as InputError).message).not.toMatch(/\n/)
    }
    fs.rmSync(path.dirname(at), { recursive: true })
    expect([...outcomes].sort()).toEqual(['read', 'refused'])
  })
})
