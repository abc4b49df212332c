import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { create } from '@bufbuild/protobuf'
import { floatTensor, graph, model, node, rawTensor, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type ModelProto, type TensorProto, TensorProtoSchema } from 'onnx-buf'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { checkFormat } from '../test/support/check-format.ts'
import { decodeOnnx, readOnnx } from './onnx.ts'

const base = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-onnx-'))
afterAll(() => fs.rmSync(base, { recursive: true }))

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(base, 'case-'))
})

const x = valueInfo('x', 'float32', [1])
const y = valueInfo('y', 'float32', [1])

function identityWith(...initializers: TensorProto[]): ModelProto {
  return model({ nodes: [node('Identity', ['x'], ['y'])], inputs: [x], outputs: [y], initializers })
}

function save(proto: ModelProto, name = 'model.onnx'): string {
  const file = path.join(folder, name)
  fs.writeFileSync(file, writeModel(proto))
  return file
}

describe('decodeOnnx', () => {
  test('weights are views of the bytes given', () => {
    const bytes = writeModel(identityWith(floatTensor('a', [2], [1, 2]), floatTensor('b', [1], [3])))
    const { initializer } = decodeOnnx(bytes, 'm').graph!
    expect(initializer.map(({ rawData }) => rawData.buffer === bytes.buffer)).toEqual([true, true])
    expect(initializer[0]!.rawData).toEqual(new Uint8Array(Float32Array.of(1, 2).buffer))
  })

  test('so are large weights in typed float fields; small ones stay as they are', () => {
    const typed = (name: string, count: number, dataType: number) => {
      const numbers = Array.from({ length: count }, (_, index) => index / 4)
      const field = dataType === 1 ? { floatData: numbers } : { doubleData: numbers }
      return create(TensorProtoSchema, { name, dataType, dims: [BigInt(count)], ...field })
    }
    const bytes = writeModel(identityWith(typed('large', 20_000, 1), typed('double', 20_000, 11), typed('small', 10, 1)))
    const proto = decodeOnnx(bytes, 'm')
    const [large, double, small] = proto.graph!.initializer
    expect([large!.floatData.length, large!.rawData.length, large!.rawData.buffer === bytes.buffer]).toEqual([0, 80_000, true])
    expect([double!.doubleData.length, double!.rawData.length]).toEqual([0, 160_000])
    expect([small!.floatData.length, small!.rawData.length]).toEqual([10, 0])
    const [constant] = constantsOf({ proto })
    const source = { file: 'm', format: 'onnx', sha256: '', sizeBytes: 0 }
    const read = readBytes({ proto, source, origins: new Map(), weights: new Map() }, constant!)
    // The element before the last is 19,998 / 4.
    expect(new DataView(read.buffer, read.byteOffset).getFloat32(19_998 * 4, true)).toBe(4999.5)
  })

  test('cut off anywhere: an InputError, or a whole model where only trailing fields are missing', () => {
    const bytes = writeModel(identityWith(floatTensor('a', [2], [1, 2])))
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodeOnnx(bytes.slice(0, end), 'm'), `cut at ${end}`).toThrow(InputError)
    }
    expect(() => decodeOnnx(bytes.slice(0, 40), 'm')).toThrow(/^m is cut off after 40 bytes, inside graph/)
  })

  test('lists that would never end are refused', () => {
    // A field of int64 numbers whose number never ends, in the graph's first node's attribute: ints (8), packed.
    const endless = Uint8Array.of(0x42, 12, ...new Array(11).fill(0xff), 0x7f)
    const attribute = Uint8Array.of(0x2a, endless.length, ...endless)
    const inNode = Uint8Array.of(0x0a, attribute.length, ...attribute)
    const bytes = Uint8Array.of(0x08, 8, 0x3a, inNode.length, ...inNode)
    expect(() => decodeOnnx(bytes, 'm')).toThrow(
      /damaged at byte \d+, in graph.node.attribute.ints \(a number of more than 10 bytes\)/,
    )
  })

  test('graphs nested too deeply are refused, not overflowed', () => {
    let inner = graph({ nodes: [node('Relu', ['x'], ['y'])], outputs: [y] })
    for (let i = 0; i < 60; i++) inner = graph({ nodes: [node('If', ['x'], ['y'], { then_branch: inner })], outputs: [y] })
    const nested = { ...identityWith(), graph: inner }
    expect(() => decodeOnnx(writeModel(nested), 'm')).toThrow(/nested deeper than 100 levels/)
  })

  test('a file that decodes but holds no model is refused', () => {
    // ir_version alone; a lone unknown field; a graph with nothing else.
    for (const bytes of [
      [0x08, 8],
      [0xf2, 0x07, 1, 65],
      [0x3a, 0],
    ])
      expect(() => decodeOnnx(Uint8Array.from(bytes), 'm')).toThrow(InputError)
  })

  test('names with control characters stay on one line', () => {
    const proto = model({ nodes: [node('Relu', ['a\nb\u001b[2J'], ['y'])], outputs: [y] })
    const message = (() => {
      try {
        decodeOnnx(writeModel(proto), 'm')
      } catch (error) {
        return (error as Error).message
      }
    })()
    expect(message).toContain("'a b [2J'")
  })
})

describe('external data', () => {
  function external(entries: Record<string, string>, count = 2): ModelProto {
    const tensor = rawTensor('w', 'float32', [count], new Uint8Array(0))
    tensor.dataLocation = 1
    tensor.externalData = Object.entries(entries).map(([key, value]) => ({
      $typeName: 'onnx.StringStringEntryProto',
      key,
      value,
    }))
    return identityWith(tensor)
  }

  test('is opened, counted, and read when it is asked for', async () => {
    fs.mkdirSync(path.join(folder, 'weights'))
    fs.writeFileSync(path.join(folder, 'weights', 'w.bin'), new Uint8Array(Float32Array.of(1, 2, 3).buffer))
    const file = save(external({ location: 'weights/w.bin', offset: '4' }))
    const read = await readOnnx(file)
    expect(read.source.sizeBytes).toBe(fs.statSync(file).size + 12)
    const [constant] = constantsOf(read)
    expect(readBytes(read, constant!)).toEqual(new Uint8Array(Float32Array.of(2, 3).buffer))
  })

  test('larger than memory allows is no problem: a hole of 8 GB, of which one element is read', async () => {
    const count = 2 ** 31
    const descriptor = fs.openSync(path.join(folder, 'w.bin'), 'w')
    fs.ftruncateSync(descriptor, count * 4)
    fs.writeSync(descriptor, new Uint8Array(Float32Array.of(5).buffer), 0, 4, count * 4 - 4)
    fs.closeSync(descriptor)
    const read = await readOnnx(save(external({ location: 'w.bin' }, count)))
    expect(new Float32Array(read.weights.get('w.bin')!.read(count * 4 - 4, 4).buffer)).toEqual(Float32Array.of(5))
    expect(() => read.weights.get('w.bin')!.read(count * 4 - 3, 4)).toThrow(RangeError)
  })

  test.each([
    ['/etc/hostname', /absolute path/],
    ['C:\\weights.bin', /absolute path/],
    ['../w.bin', /leaves its folder/],
    ['a/../../w.bin', /leaves its folder/],
    ['..\\w.bin', /leaves its folder/],
    ['w\0.bin', /leaves its folder/],
    ['missing.bin', /Tensor 'w' is in 'missing.bin', which is not in the folder of/],
    ['.', /no file|link/],
    ['', /without a file name/],
  ])('location %j is refused', async (location, message) => {
    fs.writeFileSync(path.join(base, 'w.bin'), new Uint8Array(8))
    await expect(readOnnx(save(external({ location })))).rejects.toThrow(message)
    await expect(readOnnx(save(external({ location })))).rejects.toThrow(InputError)
  })

  test('links out of the folder are refused, links within it are not', async () => {
    fs.writeFileSync(path.join(base, 'outside.bin'), new Uint8Array(8))
    fs.writeFileSync(path.join(folder, 'inside.bin'), new Uint8Array(8))
    fs.symlinkSync(path.join(base, 'outside.bin'), path.join(folder, 'out.bin'))
    fs.symlinkSync('inside.bin', path.join(folder, 'in.bin'))
    fs.symlinkSync(base, path.join(folder, 'up'))
    await expect(readOnnx(save(external({ location: 'out.bin' })))).rejects.toThrow(/link that leaves the folder/)
    await expect(readOnnx(save(external({ location: 'up/outside.bin' })))).rejects.toThrow(/link that leaves the folder/)
    await expect(readOnnx(save(external({ location: 'in.bin' })))).resolves.toBeDefined()
  })

  test('a cache that links model and weights to its own folder of blobs works', async () => {
    const blobs = path.join(folder, 'blobs')
    const snapshot = path.join(folder, 'snapshot')
    fs.mkdirSync(blobs)
    fs.mkdirSync(snapshot)
    fs.writeFileSync(path.join(blobs, '1'), writeModel(external({ location: 'model.onnx_data' })))
    fs.writeFileSync(path.join(blobs, '2'), new Uint8Array(8))
    fs.symlinkSync('../blobs/1', path.join(snapshot, 'model.onnx'))
    fs.symlinkSync('../blobs/2', path.join(snapshot, 'model.onnx_data'))
    await expect(readOnnx(path.join(snapshot, 'model.onnx'))).resolves.toBeDefined()
  })

  test('a file that is too short names tensor, file and sizes', async () => {
    fs.writeFileSync(path.join(folder, 'w.bin'), new Uint8Array(7))
    await expect(readOnnx(save(external({ location: 'w.bin' })))).rejects.toThrow(
      "Tensor 'w' needs 8 bytes of 'w.bin', which has 7",
    )
  })
})

checkFormat(readOnnx, {
  format: 'onnx',
  reads: [
    {
      file: 'symbolic-batch.onnx',
      inputs: { x: 'float32 batchx16' },
      outputs: { y: 'float32 batchx4' },
      operators: ['Gemm', 'Relu', 'Gemm'],
    },
  ],
  refuses: [
    { file: 'truncated.onnx', message: /is cut off after \d+ bytes/ },
    { file: 'cyclic.onnx', message: /Nodes read one another in a ring/ },
  ],
})
