import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { afterAll, expect, test } from 'vitest'
import type { KnownModel } from '../serve/known-model.ts'
import type { LoadOptions } from './options.ts'
import { chooseSamples } from './samples.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-samples-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

test('images become what the served model’s own file says', async () => {
  fs.writeFileSync(path.join(folder, 'a.png'), '')
  const inputs = [{ name: 'x', kind: 'tensor' as const, dtype: 'float32' as const, shape: [1, 3, 8, 8] }]
  const graph = { name: '', nodes: [], inputs, outputs: [], constants: {}, types: {} }
  const pictures = () => {
    throw new InputError('the file was asked')
  }
  const known: KnownModel = {
    graph,
    file: 'm.onnx',
    allowNaN: false,
    pictures,
    values: () => new Map(),
    withPixels: (all) => all,
  }
  const options = { shapes: [], values: [], batch: null, data: folder, labels: null, pictures: null } as unknown as LoadOptions
  await expect(chooseSamples({ graph, known, options }, async () => null as never)).rejects.toThrow('the file was asked')
})

test('what made-up requests resemble is said in the words of `why`', async () => {
  const options = { shapes: [], values: [], batch: null, data: null, labels: null, pictures: null } as unknown as LoadOptions
  const said = async (name: string, shape: readonly number[]) => {
    const inputs = [{ name, kind: 'tensor' as const, dtype: 'float32' as const, shape }]
    const graph = { name: '', nodes: [], inputs, outputs: [], constants: {}, types: {} }
    const { warnings } = await chooseSamples({ graph, known: null, options }, async () => ({ ok: true }))
    return warnings[0]
  }
  expect(await said('image', [1, 3, 64, 64])).toBe('inputs are representative (photo); give your own with --data')
  expect(await said('x', [1, 7])).toBe('inputs are synthetic (noise); give your own with --data')
})
