import path from 'node:path'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { writeFolder } from '@whyslow/generation/support/decoder/write-folder.ts'
import { writeLlamaGguf } from '@whyslow/generation/support/gguf/write-llama.ts'
import { writeTextEncoder } from '@whyslow/generation/support/texts/write-text-encoder.ts'
import { lintDocument } from '@whyslow/report/support/documents/example-lint.ts'
import { afterAll, expect, test } from 'vitest'
import { removeMade, scratch } from '../../../test/support/made-folders.ts'
import { typed } from '../test/support/example-command-line.ts'

afterAll(removeMade)
const weights = decoderWeights()
const folder = writeFolder(path.join(scratch(), 'model'), weights)
const gguf = writeLlamaGguf(path.join(scratch(), 'model.gguf'), weights)

async function lint(...words: string[]) {
  const asked: [stage: string, file: string][] = []
  const stage = (name: string) => async (file: string) => {
    asked.push([name, file])
    return lintDocument()
  }
  const ended = await typed(['lint', ...words], {
    stages: () => ({ lint: stage('lint'), lintGenerator: stage('lintGenerator') }),
  })
  return { ...ended, asked }
}

test.each([folder, gguf])('%s is read as a generator', async (source) => {
  const { asked, exitCode, printed } = await lint(source)
  expect([exitCode, asked]).toEqual([0, [['lintGenerator', source]]])
  expect(printed).toMatch(/^The sentence\.\n/)
})

test('of a decoder that is named, and of a folder that generates no text, the quantization of the model is linted', async () => {
  const decoder = path.join(folder, 'onnx/model.onnx')
  expect((await lint(decoder)).asked).toEqual([['lint', decoder]])
  const encoder = writeTextEncoder(path.join(scratch(), 'encoder'))
  const { asked, said } = await lint(encoder)
  expect(asked).toEqual([['lint', path.join(encoder, 'onnx/model.onnx')]])
  expect(said).toContain(`the model of ${encoder} is `)
})

test('nothing is repaired in the files of a generator', async () => {
  const { said, exitCode } = await lint(folder, '--repair', '-o', 'fast.onnx')
  expect(exitCode).toBe(2)
  expect(said).toContain(`lint only reads; to make ${folder} faster: whyslow fix ${folder} -o fast/`)
})
