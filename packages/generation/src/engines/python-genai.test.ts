import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../../../test/needs.ts'
import type { GenerationRequest, GeneratorOptions } from '../generator.ts'
import { pythonGenai } from './python-genai.ts'

/** Packages of the shape of onnxruntime-genai and NumPy, on the path of the interpreter. */
const FAKES = fileURLToPath(new URL('../../test/support/python', import.meta.url))
const hasPython = spawnSync('python3', ['--version']).status === 0
const OPTIONS: GeneratorOptions = { threads: null, prefillThreads: null, dtype: null, pythonPath: 'python3', mostRequests: 0 }
const REQUEST: GenerationRequest = { prompt: [1, 2], newTokens: 4, ignoreEnd: true, sampling: { kind: 'greedy' }, stop: [] }

let folder: string
const before = process.env.PYTHONPATH
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-genai-'))
  const model = { vocab_size: 7, context_length: 16, eos_token_id: [6] }
  fs.writeFileSync(path.join(folder, 'genai_config.json'), JSON.stringify({ model }))
  process.env.PYTHONPATH = FAKES
})
afterAll(() => {
  if (before === undefined) delete process.env.PYTHONPATH
  else process.env.PYTHONPATH = before
  fs.rmSync(folder, { recursive: true })
})

describe.skipIf(!hasPython)('a generator in Python', needs('python3'), () => {
  test('whole calls: ids, texts, times and parts of that process', async () => {
    expect(await pythonGenai.missing(OPTIONS, folder)).toBeNull()
    const generator = await pythonGenai.open(folder, { ...OPTIONS, threads: 2 })
    expect(generator).toMatchObject({ engine: 'python-genai', vocabulary: 7, context: 16, endIds: [6] })
    const seen: (number | null)[] = []
    const generation = await generator.generate(REQUEST, ({ id }) => seen.push(id))
    // 1 + 1 + 2 = 4, then 8 by 7 is 1, 2, 4.
    expect(generation).toMatchObject({ promptTokens: 2, generatedTokens: 4, ended: 'length' })
    expect(generation.tokens.map(({ id, text }) => [id, text])).toEqual([4, 1, 2, 4].map((id) => [id, String(id)]))
    expect(seen).toEqual([4, 1, 2, 4])
    expect(Object.keys(generation.parts).sort()).toEqual(['decodeRunMs', 'detokenizeMs', 'feedsMs', 'prefillRunMs'])
    const text = await generator.generate({ ...REQUEST, prompt: '5', ignoreEnd: false })
    expect([text.ended, text.tokens.length, 'tokenizeMs' in text.parts]).toEqual(['end', 1, true])
    expect((await generator.generate({ ...REQUEST, stop: ['12'] })).ended).toBe('stop')
    await generator.close()
  })

  test('steps give what whole calls give, and forget what is cut', async () => {
    const generator = await pythonGenai.open(folder, OPTIONS)
    const sequence = generator.start!()
    const best = ({ logits }: { readonly logits: Float32Array }) => logits.indexOf(Math.max(...logits))
    expect(best(await sequence.feed([1, 2], 'last'))).toBe(4)
    expect(best(await sequence.feed([4], 'last'))).toBe(1)
    sequence.cut(2)
    expect(await sequence.feed([5], 'none')).toMatchObject({ positions: 0 })
    expect(best(await sequence.feed([0], 'last'))).toBe(2)
    expect(sequence.length).toBe(4)
    await expect(sequence.feed([1, 2], 'all')).rejects.toThrow(/logits of the last position only/)
    await expect(sequence.feed(new Array(20).fill(1), 'none')).rejects.toThrow(
      /the context holds 16 tokens, and 24 would be needed/,
    )
    await generator.close()
  })

  test('a sequence makes room for what it will hold, and for no more than the context', async () => {
    const generator = await pythonGenai.open(folder, OPTIONS)
    for (const [longest, room] of [
      [4, 4],
      [1000, 16],
      [undefined, 16],
    ] as const) {
      const { logits } = await generator.start!(longest).feed([1], 'last')
      expect(Math.max(...logits)).toBe(room)
    }
    await expect(generator.start!(4).feed([1, 2, 3, 4, 5], 'none')).rejects.toThrow(/the context holds 4 tokens/)
    await generator.close()
  })

  test('a folder that cannot be opened is one line', async () => {
    await expect(pythonGenai.open(path.join(folder, 'none'), OPTIONS)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringMatching(/none: onnxruntime-genai in Python cannot open it \(.*genai_config\.json/),
    })
  })
})

test('what it opens', () => {
  expect(pythonGenai.opens({ kind: 'genai-folder' })).toBe(true)
  expect(pythonGenai.opens({ kind: 'gguf' })).toMatch(/genai_config\.json/)
})
