import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../../../test/needs.ts'
import { plainOptions } from '../../test/support/plain-options.ts'
import { pythonTransformers } from './python-transformers.ts'

/** Packages of the shape of transformers and PyTorch, on the path of the interpreter. */
const FAKES = fileURLToPath(new URL('../../test/support/python', import.meta.url))
const hasPython = spawnSync('python3', ['--version']).status === 0
const OPTIONS = { ...plainOptions, pythonPath: 'python3' }

test('what it opens, and what to do where there is no such Python', async () => {
  expect(pythonTransformers.opens({ kind: 'transformers-folder' })).toBe(true)
  expect(pythonTransformers.opens({ kind: 'genai-folder' })).toMatch(/weights of PyTorch/)
  expect(await pythonTransformers.missing({ ...plainOptions, pythonPath: './no/such/python' }, '.')).toMatch(
    /no such file; name an interpreter or an environment/,
  )
})

test('a type of weights that PyTorch has not is one line', async () => {
  await expect(pythonTransformers.open('tiny', { ...OPTIONS, dtype: 'q4' })).rejects.toMatchObject({
    name: 'InputError',
    message: '--dtype q4: transformers in Python opens float32, float16 or bfloat16; give one of them',
  })
})

describe.skipIf(!hasPython)('in Python', needs('python3'), () => {
  let folder: string
  const before = process.env.PYTHONPATH
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-transformers-'))
    process.env.PYTHONPATH = FAKES
  })
  afterAll(() => {
    if (before === undefined) delete process.env.PYTHONPATH
    else process.env.PYTHONPATH = before
    fs.rmSync(folder, { recursive: true })
  })

  test('safetensors alone are opened, never a pickle', async () => {
    fs.writeFileSync(path.join(folder, 'pytorch_model.bin'), '')
    await expect(pythonTransformers.open(folder, OPTIONS)).rejects.toThrow(
      /cannot open it \(it has no weights as \.safetensors, and a pickle is never opened: save it with save_pretrained/,
    )
    fs.writeFileSync(path.join(folder, 'model.safetensors'), '')
    const generator = await pythonTransformers.open(folder, OPTIONS)
    expect(generator).toMatchObject({ vocabulary: 7, context: 16, endIds: [6] })
    await generator.close()
  })

  test.each(['bf16', 'bfloat16'])('--dtype %s is a type of PyTorch', async (dtype) => {
    await expect(pythonTransformers.open(folder, { ...OPTIONS, dtype })).rejects.toThrow(/opened as bfloat16/)
  })
})
