import fs from 'node:fs'
import path from 'node:path'
import { create } from '@bufbuild/protobuf'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { floatTensor, graph, model, modelInMemory, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { loadOrt } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { StringStringEntryProtoSchema, type TensorProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { nodeDisk } from './disk.ts'
import { folderAt } from './folder.ts'
import { writeModelFiles } from './onnx-files.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../../fixtures/models')
const folderOfAll = folderOfTests()
const scratch = () => fs.mkdtempSync(path.join(folderOfAll, 'files-'))

/** Written, read again, its files. */
async function written(model: Model, limitBytes?: number) {
  const at = scratch()
  const folder = folderAt(at, nodeDisk)
  await writeModelFiles(model, folder, limitBytes)
  return { at, files: folder.files.map(({ path }) => path), model: await readOnnx(path.join(at, 'model.onnx')) }
}

/** Every constant's bytes, wherever they lie. */
function bytesOf(model: Model): Record<string, string> {
  const constants = [...constantsOf(model).values()]
  return Object.fromEntries(constants.map((one) => [one.name, Buffer.from(readBytes(model, one)).toString('hex')]))
}

async function predict(file: string): Promise<number[]> {
  const ort = await loadOrt(null)
  const session = await ort.InferenceSession.create(file)
  const x = new ort.Tensor(
    'float32',
    Float32Array.from({ length: 16 }, (_, i) => i / 16),
    [1, 16],
  )
  return [...((await session.run({ x })).y!.data as Float32Array)]
}

function entriesOf(tensor: TensorProto): Record<string, string> {
  return Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value]))
}

/** The tensor as one whose bytes are `length` from `offset` of `location`. */
function external(tensor: TensorProto, location: string, offset: number, more: Record<string, string> = {}): TensorProto {
  const entries = { location, offset: String(offset), length: String(tensor.rawData.byteLength), ...more }
  return copyWith(tensor, {
    rawData: undefined,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  })
}

function sourceOf(bytes: Uint8Array) {
  return {
    sizeBytes: bytes.byteLength,
    read(offset: number, length: number) {
      if (offset + length > bytes.byteLength) throw new RangeError('too short')
      return bytes.slice(offset, offset + length)
    },
  }
}

const inOut = { inputs: [valueInfo('x', 'float32', [2])], outputs: [valueInfo('y', 'float32', [2])] }

describe('weights', () => {
  test('stay external, under the folder’s own name', async () => {
    const original = await readOnnx(path.join(FIXTURES, 'external-data.onnx'))
    const { at, files, model } = await written(original)
    expect(files).toEqual(['model.onnx', 'model.onnx.data'])
    expect(model.proto.graph!.initializer.map((tensor) => entriesOf(tensor).location)).toEqual(
      new Array(4).fill('model.onnx.data'),
    )
    // 16*32 floats are 2048 bytes, 32 are 128, 32*4 are 512: each ends on a multiple of 64.
    expect(model.proto.graph!.initializer.map((tensor) => entriesOf(tensor).offset)).toEqual(['0', '2048', '2176', '2688'])
    expect(bytesOf(model)).toEqual(bytesOf(original))
    expect(await predict(path.join(at, 'model.onnx'))).toEqual(await predict(path.join(FIXTURES, 'symbolic-batch.onnx')))
    // What was given is as it was.
    expect(entriesOf(original.proto.graph!.initializer[0]!).location).toBe('external-data.bin')
  })

  test('leave the model where it would grow beyond what protobuf holds', async () => {
    const original = await readOnnx(path.join(FIXTURES, 'symbolic-batch.onnx'))
    const { at, files, model } = await written(original, 1500)
    expect(files).toEqual(['model.onnx', 'model.onnx.data'])
    // Only the one of 2048 bytes is worth it.
    expect(fs.statSync(path.join(at, 'model.onnx.data')).size).toBe(2048)
    expect(bytesOf(model)).toEqual(bytesOf(original))
    expect(await predict(path.join(at, 'model.onnx'))).toEqual(await predict(path.join(FIXTURES, 'symbolic-batch.onnx')))
    await expect(written(original, 100)).rejects.toThrow(/above 2 GB/)
  })

  test('are written once where tensors share them, on pages where they are large, and only as far as used', async () => {
    const large = floatTensor('large', [20_000], new Array(20_000).fill(2))
    const small = floatTensor('small', [2], [1, 2])
    const file = Buffer.concat([Buffer.alloc(1000), small.rawData, large.rawData])
    const initializers = [
      external(small, 'w', 1000),
      external(copyWith(small, { name: 'again' }), 'w', 1000),
      external(large, 'w', 1008),
    ]
    const then = graph({
      nodes: [node('Constant', [], ['t'], { value: external(small, 'w', 1000) })],
      outputs: [valueInfo('t', 'float32', [2])],
    })
    const proto = model({
      ...inOut,
      nodes: [node('Relu', ['x'], ['y']), node('If', ['c'], ['z'], { then_branch: then, else_branch: then })],
      initializers,
    })
    const at = scratch()
    await writeModelFiles({ ...modelInMemory(proto), weights: new Map([['w', sourceOf(file)]]) }, folderAt(at, nodeDisk))
    const data = fs.readFileSync(path.join(at, 'model.onnx.data'))
    expect(data.byteLength).toBe(4096 + 80_000)
    expect(data.subarray(0, 8)).toEqual(Buffer.from(small.rawData))
    expect(data.subarray(4096)).toEqual(Buffer.from(large.rawData))
    const back = fs.readFileSync(path.join(at, 'model.onnx'), 'latin1')
    expect(back).not.toContain('\x01w')
  })

  test('with prepacked ones among them are taken whole, at their offsets', async () => {
    const tensor = floatTensor('w', [2], [1, 2])
    const file = Buffer.alloc(5000, 7)
    const prepacked = { prepacked_0: 'key|4096;64' }
    const proto = model({
      ...inOut,
      nodes: [node('Add', ['x', 'w'], ['y'])],
      initializers: [external(tensor, 'sub/p.bin', 128, prepacked)],
    })
    const {
      at,
      files,
      model: back,
    } = await written({ ...modelInMemory(proto), weights: new Map([['sub/p.bin', sourceOf(file)]]) })
    expect(files).toEqual(['model.onnx', 'model.onnx.1.data'])
    expect(entriesOf(back.proto.graph!.initializer[0]!)).toEqual({
      location: 'model.onnx.1.data',
      offset: '128',
      length: '8',
      ...prepacked,
    })
    expect(fs.readFileSync(path.join(at, 'model.onnx.1.data'))).toEqual(file)
  })

  test('that changed meanwhile are an error of the input', async () => {
    const tensor = rawTensor('w', 'float32', [2], new Uint8Array(8))
    const proto = model({ ...inOut, nodes: [node('Add', ['x', 'w'], ['y'])], initializers: [external(tensor, 'w.bin', 0)] })
    const source = { ...sourceOf(new Uint8Array(4)), sizeBytes: 8 }
    await expect(written({ ...modelInMemory(proto), weights: new Map([['w.bin', source]]) })).rejects.toThrow(
      /'w.bin' can no longer be read/,
    )
  })
})
