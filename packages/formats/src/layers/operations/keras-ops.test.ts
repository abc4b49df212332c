// Every function of keras.ops that a functional model can hold, as .keras and as .h5, with Keras' own outputs (fixtures/make/keras_ops.py).
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { InputError } from '@whyslow/graph/input-error.ts'
import { readNpz } from '@whyslow/measure/samples/npz.ts'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differencesTo } from '../../../test/support/check-outputs.ts'
import { readKeras } from '../../keras.ts'

const ROOT = path.resolve(import.meta.dirname, '../../../../..')
const members = unzipSync(new Uint8Array(gunzipSync(fs.readFileSync(path.join(ROOT, 'fixtures/formats/keras-ops.zip.gz')))))
const functions = Object.keys(members).flatMap((name) => (name.endsWith('.npz') ? [name.slice(0, -'.npz'.length)] : []))

const DECOMPOSED = /works on matrices in a way for which ONNX has no operator/
const SAMPLED = /takes pixels between those of an image at places of its own/
const OPEN = /needs the size of axis 0, which the file leaves open/
const BITS = /joins the bits of int32, for which ONNX has operators from opset 18 on alone/

const REFUSED: ReadonlyMap<string, RegExp> = new Map([
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

/** Largest share of an output's largest value; Keras' own sums of cosines in float32 differ by more from exact ones. */
const TOLERANCES: ReadonlyMap<string, number> = new Map([])

describe('keras.ops', () => {
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
    expect(functions.length).toBeGreaterThan(300)
    expect([...REFUSED.keys()].filter((name) => !functions.includes(name))).toEqual([])
  })

  test.each(functions.filter((name) => !REFUSED.has(name)))(
    "%s: outputs are Keras' own, and both formats are one graph",
    async (name) => {
      const model = await read(`${name}.keras`)
      const differences = await differencesTo(model, readNpz(members[`${name}.npz`]!, name))
      expect(Math.max(...differences.values())).toBeLessThanOrEqual(TOLERANCES.get(name) ?? 1e-5)
      const { proto } = await read(`${name}.h5`)
      expect(proto.graph!.node.map(({ opType, input, output }) => [opType, input, output])).toEqual(
        model.proto.graph!.node.map(({ opType, input, output }) => [opType, input, output]),
      )
    },
  )

  test.each([...REFUSED])('%s is refused in one line', async (name, reason) => {
    for (const kind of ['keras', 'h5']) {
      const error = await read(`${name}.${kind}`).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(InputError)
      expect((error as Error).message).toMatch(reason)
      expect((error as Error).message).not.toMatch(/\n/)
    }
  })
})
