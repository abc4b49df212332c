import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fullOr } from '../../../test/only-full.ts'
import { checkFormat } from '../test/support/check-format.ts'
import { checkOutputs, filesWithOutputs } from '../test/support/check-outputs.ts'
import { zipAndHdf5 } from '../test/support/keras/example-polyglot.ts'
import { readModel } from './index.ts'
import { readKeras } from './keras.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../fixtures/formats')

checkOutputs(
  'Keras',
  readKeras,
  filesWithOutputs(path.join(FIXTURES, 'keras')).map((file) => ({ file, tolerance: 1e-5 })),
)

const dense = (format: string, file: string, copies?: string) =>
  checkFormat(readKeras, {
    format,
    reads: [
      {
        file: `../formats/keras/${file}`,
        inputs: { input_layer: 'float32 batchx4' },
        outputs: { dense_1: 'float32 batchx3' },
        operators: ['Gemm', 'Relu', 'Gemm', 'Softmax'],
        ...(copies === undefined ? {} : { copies }),
      },
    ],
    refuses: [],
  })
dense('keras', 'k3-dense-sequential.keras', 'arrays of an archive begin at any byte')
dense('hdf5', 'k3-dense-sequential.h5')

/** As the script made it: NumPy's normals of seed 1, times 0.3, in float32. */
const KERNEL = [
  0.10367526113986969, 0.24648544192314148, 0.09913112223148346, -0.390947163105011, 0.27160677313804626, 0.1339123696088791,
  -0.16108596324920654, 0.17433543503284454, 0.10937172174453735, 0.08823975175619125, 0.00852667260915041, 0.16401389241218567,
]

describe('Keras files that are not usual', () => {
  let folder: string
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-keras-'))
    const members = unzipSync(fs.readFileSync(path.join(FIXTURES, 'keras-refused.zip')))
    for (const [name, bytes] of Object.entries(members)) fs.writeFileSync(path.join(folder, name), bytes)
  })
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  const read = (name: string): Promise<Model> => readKeras(path.join(folder, name))
  const weights = (model: Model): number[][] =>
    constantsOf(model).map((constant) => {
      const bytes = readBytes(model, constant)
      return Array.from(new Float32Array(bytes.slice().buffer))
    })

  test.each([
    ['read-chunked.h5', 'pieces, packed, shuffled and with a checksum', 0],
    ['read-latest.h5', "a newer HDF5's links and attributes", 0],
    ['read-float64-big-endian.h5', 'float64, high bytes first', 0],
    ['read-float16.h5', 'float16', 1e-3],
  ])('%s: %s', async (name, _, tolerance) => {
    const [bias = [], kernel = []] = weights(await read(name))
    expect([bias.length, kernel.length]).toEqual([3, 12])
    for (const [k, value] of kernel.entries()) expect(Math.abs(value - KERNEL[k]!)).toBeLessThanOrEqual(tolerance)
  })

  test.each([
    ['lambda.keras', /layer 'double' \(Lambda\) holds Python code, which is not run; write it/],
    ['lambda.h5', /layer 'double' \(Lambda\) holds Python code/],
    ['own-layer.keras', /layer 'own' \(Scale\) is not a layer that is read here .*; replace it, or export/],
    ['alone.weights.h5', /holds weights alone, without the model/],
    ['alone.h5', /holds weights alone, without the model/],
    ['no-model.h5', /is an HDF5 file without a Keras model/],
    ['wrong-shape.h5', /layer 'dense' \(Dense\) needs 4x\? for its kernel, and the file has 5x3;/],
    ['wrong-shape.keras', /layer 'dense' \(Dense\) needs 5x\? for its kernel, and the file has 4x3;/],
    ['missing-array.h5', /layer 'dense' \(Dense\) needs 2 arrays, and the file has 1;/],
    ['external-link.h5', /has a link 'kernel' to another path or file/],
    ['soft-link.h5', /has a link 'kernel' to another path or file/],
    ['external-data.h5', /keeps array '.*kernel' in another file/],
    ['virtual-data.h5', /as a view of other files \(virtual\)/],
    ['unknown-filter.h5', /with the filter lzf, which is not read/],
    ['shape-bomb.h5', /decodes to far more than its \d+ bytes \(last array '.*kernel'\); save it again/],
    ['gaps.h5', /array '.*kernel' has gaps/],
    ['integers-of-24-bits.h5', /kernel.* holds an array of integers of 24 bits, which are not read; save it again/],
    ['floats-of-8-bits.h5', /kernel.* holds an array of floats of 8 bits, which are not read; save it again/],
    ['floats-of-128-bits.h5', /kernel.* holds an array of floats of 128 bits, which are not read; save it again/],
  ])('%s is refused in one line', async (name, message) => {
    const error = await read(name).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toMatch(/\n/)
  })

  describe('a file that is a zip archive and an HDF5 file at once is refused', () => {
    const harmless = (name: string) => fs.readFileSync(path.join(FIXTURES, 'keras', name))
    const zip = harmless('k3-dense-sequential.keras')
    const hdf5 = harmless('k3-dense-sequential.h5')
    const files: readonly (readonly [string, () => Uint8Array])[] = [
      ['a harmless archive around an HDF5 file behind a user block', () => zipAndHdf5(zip, hdf5)],
      ['an HDF5 file with an archive behind it', () => Buffer.concat([hdf5, zip])],
      ['an HDF5 file with an archive and more behind it', () => Buffer.concat([hdf5, zip, Buffer.alloc(100_000)])],
      ['an HDF5 file that holds an empty archive', () => Buffer.concat([hdf5, Buffer.from('PK\x05\x06'), Buffer.alloc(18)])],
      ...[512, 1024, 2048, 2 ** 20].map(
        (at) => [`an archive that stores an HDF5 file at byte ${at}`, () => storedAt(at, hdf5)] as const,
      ),
    ]
    test.each(files)('%s', async (_, make) => {
      for (const extension of ['h5', 'keras']) {
        const at = path.join(folder, `two.${extension}`)
        fs.writeFileSync(at, make())
        await expect(readKeras(at)).rejects.toThrow(
          /two\.\w+ is a zip archive and an HDF5 file at once, .*; save the model again/,
        )
        await expect(readModel(at)).rejects.toThrow(InputError)
      }
    })

    const storedAt = (at: number, content: Uint8Array) =>
      zipSync({ x: new Uint8Array(at - 2 * 30 - 'x'.length - 'y.h5'.length), 'y.h5': content }, { level: 0 })

    test('but not one whose arrays hold the letters of a zip', async () => {
      const bytes = Buffer.concat([hdf5, Buffer.from('PK\x05\x06'.repeat(20), 'latin1'), Buffer.from('PK\x05\x06')])
      const at = path.join(folder, 'letters.h5')
      fs.writeFileSync(at, bytes)
      expect((await readKeras(at)).source.format).toBe('hdf5')
    })
  })

  test('two attributes of one name are refused', async () => {
    const bytes = Buffer.from(fs.readFileSync(path.join(FIXTURES, 'keras', 'k3-dense-sequential.h5')))
    // Names of 12 and of 13 letters take the same room in a file, and each ends with NUL.
    const other = bytes.indexOf('keras_version\0', 0, 'latin1')
    expect(other).toBeGreaterThan(0)
    const at = path.join(folder, 'twice.h5')
    fs.writeFileSync(at, Buffer.concat([bytes.subarray(0, other), Buffer.from('model_config\0\0'), bytes.subarray(other + 14)]))
    await expect(readKeras(at)).rejects.toThrow(/has two attributes called 'model_config'; save it again/)
  })

  test("a layer of a class called 'constructor' is refused as any that is not known", async () => {
    const members = unzipSync(fs.readFileSync(path.join(folder, 'own-layer.keras')))
    const config = strFromU8(members['config.json']!).replace('"class_name": "Scale"', '"class_name": "constructor"')
    expect(config).toContain('constructor')
    const at = path.join(folder, 'constructor.keras')
    fs.writeFileSync(at, zipSync({ ...members, 'config.json': strToU8(config) }))
    await expect(readKeras(at)).rejects.toThrow(/layer 'own' \(constructor\) is not a layer that is read here/)
  })

  test.each(['10000000', '0.5', '-1'])('images resized to a height of %s are refused in one line', async (height) => {
    const members = unzipSync(fs.readFileSync(path.join(FIXTURES, 'keras/k3-resizing.keras')))
    const config = strFromU8(members['config.json']!).replaceAll(/"height": \d+/g, `"height": ${height}`)
    const at = path.join(folder, 'resized.keras')
    fs.writeFileSync(at, zipSync({ ...members, 'config.json': strToU8(config) }))
    const error = await readKeras(at).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).toMatch(/layer '.*' \(Resizing\) has /)
  })

  test('an input of an endless size is refused in one line', async () => {
    const members = unzipSync(fs.readFileSync(path.join(FIXTURES, 'keras/k3-dense-sequential.keras')))
    const config = strFromU8(members['config.json']!).replace(/("batch_shape": \[null, )4/, '$11e400')
    const at = path.join(folder, 'endless.keras')
    fs.writeFileSync(at, zipSync({ ...members, 'config.json': strToU8(config) }))
    expect(config).toContain('1e400')
    await expect(readKeras(at)).rejects.toThrow(InputError)
  })

  test.each(['read-chunked.h5', 'read-latest.h5'])('%s with bytes changed: a model or one line', async (name) => {
    const whole = fs.readFileSync(path.join(folder, name))
    const random = mulberry32(2)
    const at = path.join(folder, 'damaged.h5')
    for (let k = 0; k < fullOr(60, 8); k++) {
      const bytes = Buffer.from(whole)
      bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8)
      fs.writeFileSync(at, bytes)
      const error = await readKeras(at).then(
        () => null,
        (reason: unknown) => reason,
      )
      if (error !== null) expect(error).toBeInstanceOf(InputError)
    }
  })

  test('the same file gives the same bytes', async () => {
    const file = path.join(FIXTURES, 'keras/k3-nested.keras')
    expect(weights(await readKeras(file))).toEqual(weights(await readKeras(file)))
  })
})
