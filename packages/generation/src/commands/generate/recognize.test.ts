import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { scratch } from '../../../../../test/support/made-folders.ts'
import { decoderWeights } from '../../../test/support/decoder/weights.ts'
import type { DecoderForm } from '../../../test/support/decoder/write-decoder.ts'
import { writeFolder } from '../../../test/support/decoder/write-folder.ts'
import { plainOptions } from '../../../test/support/plain-options.ts'
import { beamsOf, generatorFiles } from '../../recognize/folder.ts'
import { recognizeSource } from './recognize.ts'

const folderWith = (files: Readonly<Record<string, object>>, config = {}) => {
  const folder = writeFolder(path.join(scratch(), 'model'), decoderWeights(), { config })
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), JSON.stringify(content))
  return folder
}
const beamsIn = (...given: Parameters<typeof folderWith>) => beamsOf(generatorFiles(folderWith(...given))!)

test('beams of a caller who sets none, and the file that says so', () => {
  expect(beamsIn({ 'generation_config.json': { num_beams: 4 } })).toEqual({ beams: 4, beamsFrom: 'generation_config.json' })
  // A folder of before generation_config.json.
  expect(beamsIn({}, { num_beams: 6 })).toEqual({ beams: 6, beamsFrom: 'config.json' })
  expect(beamsIn({ 'generation_config.json': {} }, { num_beams: 6 })).toEqual({ beams: 1, beamsFrom: null })
  expect(beamsIn({ 'generation_config.json': { num_beams: 'many' } })).toEqual({ beams: 1, beamsFrom: null })
})

test('what is recognized says it to the rules, and whether transformers guesses tokens', async () => {
  const folder = folderWith({ 'generation_config.json': { num_beams: 4, prompt_lookup_num_tokens: 10 } })
  expect(await recognizeSource(folder, null)).toMatchObject({
    options: { beams: 4, searched: 1, cacheCapacity: null, capacityFrom: null },
    guesses: true,
  })
  expect(await recognizeSource(folderWith({}), null)).not.toHaveProperty('guesses')
})

test('attention that can write each cache where it reads it', async () => {
  const stepOf = async (form: DecoderForm) => {
    const folder = writeFolder(path.join(scratch(), 'model'), decoderWeights(), { models: { 'model.onnx': form } })
    return (await recognizeSource(folder, null)).step(plainOptions)
  }
  expect(await stepOf({ attention: 'fused' })).toMatchObject({ canBeInPlace: true })
  expect(await stepOf({})).not.toHaveProperty('canBeInPlace')
})
