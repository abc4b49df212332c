import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import type { ConvertDocument } from '@whyslow/report/documents/convert.ts'
import { afterAll, expect, test } from 'vitest'
import { runConvert } from './convert.ts'
import type { Stages } from './stages.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-convert-'))
afterAll(() => rmSync(folder, { recursive: true }))
const model = join(folder, 'model.h5')
writeFileSync(model, 'a model')

const document: ConvertDocument = {
  schema: 'whyslow-convert/1',
  tool: { version: '0.1.0' },
  from: { file: 'model.h5', format: 'keras-h5', sizeBytes: 1_200_000, sha256: '0'.repeat(64) },
  to: { file: 'model.onnx', format: 'onnx', sizeBytes: 1_100_000, sha256: '1'.repeat(64) },
  opset: 17,
  operators: { MatMul: 2, Add: 2 },
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 8] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', null] }],
}

const screen = keptScreen()
const run = (flags: Parameters<typeof runConvert>[1]) =>
  runConvert(model, flags, {
    screen,
    signal: new AbortController().signal,
    load: async () => ({ convert: async () => document }) as Partial<Stages> as Stages,
  })

test('says what was written, and what stayed', async () => {
  await run({ out: join(folder, 'model.onnx') })
  expect(screen.printed.join('')).toBe(
    [
      'model.onnx: onnx (opset 17), 1.10 MB, 4 operators, of model.h5 (keras-h5, 1.20 MB)',
      '  in   x: float32 [batch, 8]',
      '  out  y: float32 [batch, ?]',
      '',
    ].join('\n'),
  )
})

test('asks for the file to write', async () => {
  await expect(run({})).rejects.toThrow(UsageError)
})
