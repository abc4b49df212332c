import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import type { LiteQuantizeDocument } from '@whyslow/report/documents/lite-quantize.ts'
import { afterAll, expect, test } from 'vitest'
import type { FlagsOf } from './flags.ts'
import { runQuantize } from './quantize.ts'
import type { Stages } from './stages.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-quantize-'))
afterAll(() => rmSync(folder, { recursive: true }))
const model = join(folder, 'model.h5')
writeFileSync(model, 'a model')

const document: LiteQuantizeDocument = {
  schema: 'whyslow-quantize-tflite/1',
  tool: { version: '0.1.0' },
  from: { file: 'model.h5', format: 'keras-h5', sizeBytes: 4_200_000, sha256: '0'.repeat(64) },
  to: { file: 'int8.tflite', format: 'tflite', sizeBytes: 1_000_000, sha256: '1'.repeat(64), floatSizeBytes: 4_000_000 },
  method: 'static',
  operators: { CONV_2D: 2, GELU: 1 },
  inFloat: { GELU: 1 },
  weights: { small: 2, float: 1 },
  calibration: { samples: 100, source: 'data' },
  agreement: {
    samples: 100,
    source: 'data',
    outputs: [{ name: 'y', maxRelative: 0.02, sqnrDb: 31.4, cosine: 0.999, top1: 0.99 }],
  },
  unknown: ['how fast it runs'],
}

const screen = keptScreen()
let asked: Record<string, unknown> = {}
const quantizeLite: Stages['quantizeLite'] = async (_, options) => {
  asked = { ...options }
  return document
}
const run = (flags: Partial<FlagsOf<'quantize'>>) =>
  runQuantize(
    model,
    { graphOptimization: 'all', cache: 'use', lock: true, progress: false, out: join(folder, 'int8.tflite'), ...flags },
    {
      screen,
      signal: new AbortController().signal,
      load: async () => ({ quantizeLite }) as Partial<Stages> as Stages,
    },
  )

test('a .tflite file is asked of the way of TensorFlow, dynamic range where nothing is said', async () => {
  await run({})
  expect(asked).toMatchObject({ method: 'dynamic', out: join(folder, 'int8.tflite') })
  expect(screen.printed.join('')).toBe(
    [
      'int8.tflite: full integer: int8 weights and activations',
      '  1.00 MB, 25 % of the 4.00 MB of the same in float32, of model.h5 (keras-h5, 4.20 MB)',
      '  2 large constants in int8, 1 other left in float32',
      '  in float32, since no int8 kernel or no range is known: 1 GELU',
      '  ranges seen on 100 samples, of --data',
      '  outputs against the float model, on 100 samples (of --data):',
      '    y: within 2 % of the largest, 31.4 dB above the noise, 99 % of the decisions the same',
      '  not known: how fast it runs',
      '',
    ].join('\n'),
  )
})

test('what only a search has is refused, and ranges need data', async () => {
  await expect(run({ bits: 4 })).rejects.toThrow(UsageError)
  await expect(run({ require: 2 })).rejects.toThrow(/--require: a \.tflite file is written without a search/)
  await expect(run({ method: 'static' })).rejects.toThrow(/need real inputs; give --data/)
  await expect(run({ method: 'weights' })).rejects.toThrow(UsageError)
})
