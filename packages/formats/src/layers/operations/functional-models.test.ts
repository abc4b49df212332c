// Every function of keras.ops that a functional model can hold, and functions of TensorFlow in models of Keras 2, as .keras and as .h5,
// with Keras' own outputs (fixtures/make/keras_ops.py, fixtures/make/tf_functions.py).
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readNpz } from '@whyslow/measure/samples/npz.ts'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fullOrEvery } from '../../../../../test/only-full.ts'
import { differencesTo } from '../../../test/support/check-outputs.ts'
import { readKeras } from '../../keras.ts'

const FORMATS = path.resolve(import.meta.dirname, '../../../../../fixtures/formats')

const DECOMPOSED = /works on matrices in a way for which ONNX has no operator/
const SAMPLED = /takes pixels between those of an image at places of its own/
const OPEN = /needs the size of axis 0, which the file leaves open/
const BITS = /joins the bits of int32, for which ONNX has operators from opset 18 on alone/

const REFUSED_OPERATIONS: ReadonlyMap<string, RegExp> = new Map([
  ['argpartition', /leaves the order of its results open/],
  ['argsort-open', OPEN],
  ['bincount', /has as many results as its largest number says/],
  ['bitwise_and', BITS],
  ['bitwise_or', BITS],
  ['bitwise_xor', BITS],
  ['cholesky', DECOMPOSED],
  ['cholesky_inverse', DECOMPOSED],
  ['ctc_decode', /searches the labels of a sequence/],
  ['ctc_loss', /searches the labels of a sequence/],
  ['cumprod-open', OPEN],
  ['eig', DECOMPOSED],
  ['eigh', DECOMPOSED],
  ['gcd', /computes with whole numbers step by step/],
  ['image.affine_transform', SAMPLED],
  ['image.elastic_transform', /moves pixels at random/],
  ['image.map_coordinates', SAMPLED],
  ['image.perspective_transform', SAMPLED],
  ['image.scale_and_translate', SAMPLED],
  ['inv', DECOMPOSED],
  ['lcm', /computes with whole numbers step by step/],
  ['lstsq', DECOMPOSED],
  ['lu_factor', DECOMPOSED],
  ['matrix_rank', DECOMPOSED],
  ['median-open', OPEN],
  ['nextafter', /works on how numbers are stored/],
  ['pinv', DECOMPOSED],
  ['polar', /makes complex numbers/],
  ['qr', DECOMPOSED],
  ['rot90-open', /turns by half what is not square/],
  ['solve', DECOMPOSED],
  ['solve_triangular', DECOMPOSED],
  ['svd', DECOMPOSED],
  ['view', /works on how numbers are stored/],
])

const NOT_READ = /calls tf\.[\w.]+, which is not read here; use a layer of Keras/

const REFUSED_FUNCTIONS: ReadonlyMap<string, RegExp> = new Map([
  ['einsum', /was saved by Keras 2 without its tensors/],
  ['image.adjust_contrast', NOT_READ],
  ['image.central_crop', NOT_READ],
  ['image.per_image_standardization', NOT_READ],
  // TensorFlow itself writes it as several functions.
  ['image.sobel_edges', /is repeated as often as the model computes/],
  ['linalg.diag', NOT_READ],
  ['linalg.inv', DECOMPOSED],
  ['linalg.normalize', NOT_READ],
  ['math.digamma', NOT_READ],
  ['nn.crelu', NOT_READ],
  ['nn.l2_loss', NOT_READ],
])

const ARCHIVES = [
  { title: 'keras.ops', archive: 'keras-ops.zip.gz', refused: REFUSED_OPERATIONS, least: 330 },
  { title: 'functions of TensorFlow', archive: 'tf-functions.zip.gz', refused: REFUSED_FUNCTIONS, least: 140 },
]

describe.each(ARCHIVES)('$title', ({ archive, refused, least }) => {
  const members = unzipSync(new Uint8Array(gunzipSync(fs.readFileSync(path.join(FORMATS, archive)))))
  const names = Object.keys(members).flatMap((name) => (name.endsWith('.npz') ? [name.slice(0, -'.npz'.length)] : []))
  const supported = names.filter((name) => !refused.has(name))
  let folder: string
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-keras-ops-'))
  })
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  const read = (name: string) => {
    const file = path.join(folder, name)
    fs.writeFileSync(file, members[name]!)
    return readKeras(file)
  }

  test('there are fixtures, and each that is refused is among them', () => {
    expect(names.length).toBeGreaterThanOrEqual(least)
    expect([...refused.keys()].filter((name) => !names.includes(name))).toEqual([])
  })

  test.each(fullOrEvery(5, supported))("%s: outputs are Keras' own, and both formats are one graph", async (name) => {
    const model = await read(`${name}.keras`)
    const differences = await differencesTo(model, readNpz(members[`${name}.npz`]!, name))
    expect(Math.max(...differences.values())).toBeLessThanOrEqual(1e-5)
    const { proto } = await read(`${name}.h5`)
    expect(nodesOf(proto)).toEqual(nodesOf(model.proto))
  })

  test.each([...refused])('%s is refused in one line', async (name, reason) => {
    for (const kind of ['keras', 'h5']) {
      const error = await read(`${name}.${kind}`).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(InputError)
      expect((error as Error).message).toMatch(reason)
      expect((error as Error).message).not.toMatch(/\n/)
    }
  })
})

const nodesOf = ({ graph }: Model['proto']) => graph!.node.map(({ opType, input, output }) => [opType, input, output])
