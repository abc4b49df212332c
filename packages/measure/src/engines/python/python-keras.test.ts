import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { zipAndHdf5 } from '@whyslow/formats/support/keras/example-polyglot.ts'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { availabilityHere, checkEngine, needsEngine } from '../../../test/support/engines/check-engine.ts'
import { floats } from '../../../test/support/engines/example-models.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { recordedSuite } from '../../../test/support/engines/example-recorded.ts'
import { pythonKeras } from './python-keras.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/keras')
const availability = await availabilityHere(pythonKeras)
const LAMBDA = path.join(FIXTURES, 'engine-refused/lambda.keras')

checkEngine({
  engine: pythonKeras,
  availability,
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
  concurrent: true,
  suite: recordedSuite('keras', { file: LAMBDA, says: /Lambda/ }),
})

/** An HDF5 model of one Lambda layer that makes an empty file when it predicts. */
const LAMBDA_H5 = `
import base64, json, marshal, sys, h5py
file, marker = sys.argv[1:]
code = marshal.dumps(eval("lambda x: (open(%r, 'w').close(), x)[1]" % marker).__code__)
function = {'class_name': '__lambda__', 'config': {'code': base64.b64encode(code).decode(), 'defaults': None, 'closure': None}}
layers = [
    {'class_name': 'InputLayer', 'config': {'batch_shape': [None, 4], 'dtype': 'float32', 'name': 'x'}},
    {'class_name': 'Lambda', 'config': {'name': 'l', 'function': function, 'output_shape': [4], 'arguments': {}}},
]
with h5py.File(file, 'w') as opened:
    opened.attrs['model_config'] = json.dumps({'class_name': 'Sequential', 'config': {'name': 'm', 'layers': layers}})
    opened.attrs['keras_version'] = '3.10.0'
    weights = opened.create_group('model_weights')
    weights.attrs['layer_names'] = [b'x', b'l']
    for name in ('x', 'l'): weights.create_group(name).attrs['weight_names'] = []
`

describe.skipIf(!availability.ok)('python-keras', needsEngine(availability), () => {
  describe('code in a file is never run', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-keras-code-'))
    afterAll(() => fs.rmSync(folder, { recursive: true }))
    const marker = path.join(folder, 'ran')
    const lambda = () => {
      const file = path.join(folder, 'lambda.h5')
      const python = availability.ok ? availability.from : ''
      const { status, stderr } = spawnSync(python, ['-c', LAMBDA_H5, file, marker], { encoding: 'utf8' })
      expect(stderr).toBe('')
      expect(status).toBe(0)
      return fs.readFileSync(file)
    }
    const harmless = () => fs.readFileSync(path.join(FIXTURES, 'k3-dense-sequential.keras'))

    test.each([
      [
        'a zip archive and an HDF5 file at once',
        'h5',
        () => zipAndHdf5(harmless(), lambda()),
        /a zip archive and an HDF5 file at once/,
      ],
      [
        'HDF5 with an archive behind it',
        'h5',
        () => Buffer.concat([lambda(), harmless()]),
        /a zip archive and an HDF5 file at once/,
      ],
      ['a Lambda layer', 'h5', lambda, /a Lambda layer/],
      ['a Lambda layer in a file with the wrong name', 'keras', lambda, /a Lambda layer/],
    ])('%s', { timeout: 120_000 }, async (name, extension, make, says) => {
      const file = path.join(folder, `${name}.${extension}`)
      fs.writeFileSync(file, make())
      const opened = pythonKeras.open(file, plainOptions).then(async (session) => {
        await session.run({ x: floats([1, 4], 1) })
      })
      const error = await opened.catch((reason: unknown) => reason)
      expect(fs.existsSync(marker)).toBe(false)
      expect((error as Error).message).toMatch(says)
      expect((error as Error).message).not.toMatch(/\n/)
    })

    test('and nothing beside the model or in the current folder is imported', { timeout: 120_000 }, async () => {
      const file = path.join(folder, 'plain.keras')
      fs.writeFileSync(file, harmless())
      for (const module of ['json', 'numpy', 'keras', 'h5py', 'sitecustomize', 'inspect', 'tempfile'])
        fs.writeFileSync(path.join(folder, `${module}.py`), `open(${JSON.stringify(marker)}, 'w').close()\n`)
      const before = process.cwd()
      vi.stubEnv('PYTHONPATH', ['', '.', folder].join(path.delimiter))
      const python = availability.ok ? availability.from : ''
      process.chdir(folder)
      try {
        expect(await pythonKeras.available({ ...plainOptions, python })).toMatchObject({ ok: true })
        // An older Keras does not read the file; it has imported all the same.
        const opened = pythonKeras.open(file, { ...plainOptions, python })
        await opened.then((session) => session.close()).catch(() => {})
      } finally {
        process.chdir(before)
        vi.unstubAllEnvs()
      }
      expect(fs.existsSync(marker)).toBe(false)
    })
  })

  test('each of the ways to predict gives the same', { timeout: 240_000 }, async () => {
    const feeds = { x: floats([3, 16], 1) }
    const resultOf = async (call: string) => {
      const options = { ...plainOptions, configEntries: { call } }
      const session = await pythonKeras.open(path.join(FIXTURES, 'engine/perceptron.keras'), options)
      try {
        const { y } = await session.run(feeds)
        return Array.from(y!.data as Float32Array, (value) => value.toFixed(3))
      } finally {
        await session.close()
      }
    }
    const results = await Promise.all(['predict', 'direct', 'function'].map(resultOf))
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })
})
