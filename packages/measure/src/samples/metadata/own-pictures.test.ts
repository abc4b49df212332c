import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeRoot } from '@whyslow/formats/tflite/write/flatbuffer.ts'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect, test } from 'vitest'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { ownPictures, TFLITE_FILE, TFLITE_METADATA } from './own-pictures.ts'

const folder = folderOfTests()
const relu = {
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [1, 3, 32, 32])],
  outputs: [valueInfo('y', 'float32', [1, 3, 32, 32])],
}
const said = (metadata: Readonly<Record<string, string>>) => {
  const plain = modelInMemory(model(relu))
  for (const [key, value] of Object.entries(metadata)) plain.proto.metadataProps.push({ key, value } as never)
  return ownPictures(plain)
}
const BYTE = 1 / 255

test.each<[string, Readonly<Record<string, string>>, object | null]>([
  ['a range of ONNX', { 'Image.NominalPixelRange': 'Normalized_1_1' }, { scale: BYTE, mean: [0.5], std: [0.5], bgr: false }],
  [
    'an order of ONNX, whose range is bytes by default',
    { 'Image.BitmapPixelFormat': 'Bgr8' },
    { scale: 1, mean: [0], bgr: true },
  ],
  [
    'means of shares',
    { mean: '[0.485, 0.456, 0.406]', std: '[0.229, 0.224, 0.225]' },
    { scale: BYTE, mean: [0.485, 0.456, 0.406] },
  ],
  ['a mean of bytes', { input_mean: '127.5', input_std: '127.5' }, { scale: 1, mean: [127.5], std: [127.5] }],
  ['an exporter that always takes 0 to 1', { author: 'Ultralytics', stride: '32' }, { scale: BYTE, mean: [0] }],
  ['no deviation', { mean: '0.5', std: '0' }, null],
  ['words', { mean: 'as trained', meaning: '3' }, null],
  ['a range that is not known', { 'Image.NominalPixelRange': 'Other' }, null],
  ['a range by the name of what every object has', { 'Image.NominalPixelRange': 'constructor' }, null],
  ['other things', { stride: '32', names: "{0: 'cat'}" }, null],
])('%s', (_, metadata, numbers) => {
  if (numbers === null) expect(said(metadata)).toBeNull()
  else expect(said(metadata)).toMatchObject({ ...numbers, from: "The file's metadata" })
})

test('means of a model that takes them off itself are its own', () => {
  const own = modelInMemory(model({ ...relu, nodes: [node('Sub', ['x', 'x'], ['y'])] }))
  own.proto.metadataProps.push({ key: 'mean', value: '0.5' } as never)
  expect(ownPictures(own)).toBeNull()
})

test('so are those that it takes off behind a Transpose, from whichever input', () => {
  const nodes = [
    node('Transpose', ['image'], ['turned'], { perm: [0, 3, 1, 2] }),
    node('Cast', ['turned'], ['cast'], { to: 1 }),
    node('Sub', ['cast', 'mean'], ['centred']),
    node('Div', ['centred', 'std'], ['y']),
    node('Div', ['size', 'std'], ['z']),
  ]
  const image = valueInfo('image', 'float32', [1, 32, 32, 3])
  const size = valueInfo('size', 'float32', [1, 2])
  const initializers = [floatTensor('mean', [1, 3, 1, 1], [0.5, 0.5, 0.5]), floatTensor('std', [1], [0.5])]
  const outputs = [valueInfo('y', 'float32', [1, 3, 32, 32])]
  const of = (parts: Partial<Parameters<typeof model>[0]>) => {
    const own = modelInMemory(model({ nodes, inputs: [image], outputs, initializers, ...parts }))
    own.proto.metadataProps.push({ key: 'mean', value: '0.5' } as never)
    return ownPictures(own)
  }
  expect(of({})).toBeNull()
  expect(of({ inputs: [size, image] })).toBeNull()
  // Nothing is taken off the image, and a size is no image.
  expect(of({ nodes: [...nodes.slice(0, 2), nodes[4]!], inputs: [size, image] })).toMatchObject({ mean: [0.5] })
})

/** A TFLite file as far as its metadata is read. */
function tflite(name: string, metadata: Uint8Array<ArrayBuffer> | null): string {
  const file = join(folder, name)
  const entries =
    metadata === null ? {} : { buffers: [{}, { data: metadata }], metadata: [{ name: 'TFLITE_METADATA', buffer: 1 }] }
  writeFileSync(file, writeRoot({ version: 3, ...entries }, TFLITE_FILE, 'TFL3')!)
  return file
}
const unit = (mean: number[], std: number[]) => ({ options: { member: 'NormalizationOptions', fields: { mean, std } } })
const metadataOf = (units: readonly object[]) =>
  writeRoot(
    { subgraph_metadata: [{ input_tensor_metadata: [{ name: 'image', process_units: units }] }] } as never,
    TFLITE_METADATA,
    'M001',
  )!
const inFile = (file: string) =>
  ownPictures({ ...modelInMemory(model(relu)), source: { file, format: 'tflite', sha256: '', sizeBytes: 0 } })

test('the normalization in the metadata of a TFLite file, of bytes', () => {
  expect(inFile(tflite('signed.tflite', metadataOf([unit([127.5], [127.5])])))).toMatchObject({
    scale: 1,
    mean: [127.5],
    std: [127.5],
  })
  expect(inFile(tflite('each.tflite', metadataOf([unit([1, 2, 3], [4, 5, 6])])))).toMatchObject({
    mean: [1, 2, 3],
    std: [4, 5, 6],
  })
})

test('a TFLite file without it, with another normalization than there is, cut off, or not there says nothing', () => {
  const whole = metadataOf([unit([1], [2])])
  expect(inFile(tflite('none.tflite', null))).toBeNull()
  expect(inFile(tflite('empty.tflite', metadataOf([])))).toBeNull()
  expect(inFile(tflite('zero.tflite', metadataOf([unit([1], [0])])))).toBeNull()
  expect(inFile(tflite('nan.tflite', metadataOf([unit([1], [Number.NaN])])))).toBeNull()
  expect(inFile(tflite('infinite.tflite', metadataOf([unit([Number.POSITIVE_INFINITY], [1])])))).toBeNull()
  expect(inFile(tflite('cut.tflite', whole.slice(0, 20)))).toBeNull()
  expect(inFile(join(folder, 'absent.tflite'))).toBeNull()
})
