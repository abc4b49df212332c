// `fix` on encoder–decoders: both graphs of the decoder and the encoder are rewritten, proven and shipped together.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { scratch } from '../../../../../test/support/made-folders.ts'
import { writeListening } from '../../../test/support/decoder/listening-folder.ts'
import { referenceGreedy } from '../../../test/support/decoder/reference.ts'
import { decoderWeights } from '../../../test/support/decoder/weights.ts'
import { writeFolder } from '../../../test/support/decoder/write-folder.ts'
import { installIn, runBeside } from '../../../test/support/example-ship-plan.ts'
import { measuredAs, scriptedTimes } from '../../../test/support/scripted-times.ts'
import type { GeneratorSetup } from '../../prove/setup.ts'
import { shippedFolder } from '../../prove/shipped-engine.ts'
import { fixGenerator } from './fix-generator.ts'

const both = decoderWeights({ encoder: true })
const folderOptions = {
  models: { 'decoder_model_merged.onnx': { cache: 'merged' } },
  config: { decoder_start_token_id: 2, is_encoder_decoder: true, eos_token_id: null },
} as const
const behind = measuredAs({ promptTokens: 1, newTokens: 16 })

/** One thread, since others would turn while they wait for the next token. */
const brief = { budgetSeconds: 60, threads: 1 } as const

/** The original 40, one without an If 30, one that returns no keys of the encoder 20, the folder 15. */
function perTokenMs({ engine, source }: GeneratorSetup): number {
  if (engine === shippedFolder.id) return 15
  if (fs.statSync(source).isDirectory()) return 40
  return fs.readFileSync(source).includes('present.0.encoder.key') ? 30 : 20
}

test('text: two graphs and an encoder, whose folder gives the tokens of the reference', async () => {
  const base = scratch()
  const source = writeFolder(path.join(base, 'model'), both, folderOptions)
  const out = path.join(base, 'fast')
  const only = ['split-branches', 'constant-cross-outputs']
  const document = await fixGenerator(source, { ...brief, out, only, trials: scriptedTimes(perTokenMs) }, behind)
  expect(document.fix).toMatchObject({ kept: only, folder: out, equality: { prompts: 20, equal: 20 } })
  expect(fs.readdirSync(out)).toEqual(
    expect.arrayContaining(['decoder_with_past_model.onnx', 'decoder_model.onnx', 'encoder_model.onnx', 'server.mjs']),
  )
  installIn(out)
  const prompt = [3, 17, 42, 5]
  const found = runBeside(
    out,
    `import { load } from './fast/generate.mjs'
const generator = await load()
const ids = []
for (const prompt of [[9, 9], ${JSON.stringify(prompt)}])
  for await (const { id } of generator.generate(prompt, { maxNewTokens: 12 })) ids.push(id)
await generator.close()
print(ids)`,
  )
  expect(found).toEqual([...referenceGreedy(both, [2], 12, [9, 9]), ...referenceGreedy(both, [2], 12, prompt)])
})

test('sound: made-up sounds prove it, and the folder reads a .wav file', async () => {
  const base = scratch()
  const source = writeListening(path.join(base, 'model'), both, folderOptions)
  const out = path.join(base, 'fast')
  const only = ['shipped-loop', 'split-branches']
  const document = await fixGenerator(
    source,
    { ...brief, out, only, trials: scriptedTimes((setup) => perTokenMs(setup) - (setup.loop === null ? 0 : 2)) },
    behind,
  )
  expect(document.fix).toMatchObject({ kept: ['split-branches', 'shipped-loop'], equality: { prompts: 20, equal: 20 } })
  expect(fs.readdirSync(out)).toContain('preprocessor_config.json')
  expect(fs.readdirSync(out)).not.toContain('server.mjs')
  installIn(out)
  const found = runBeside(
    out,
    `import { load, wav } from './fast/generate.mjs'
const sound = (count) => {
  const bytes = Buffer.alloc(44 + 2 * count)
  bytes.write('RIFF', 0), bytes.writeUInt32LE(36 + 2 * count, 4), bytes.write('WAVEfmt ', 8), bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20), bytes.writeUInt16LE(1, 22), bytes.writeUInt32LE(1000, 24), bytes.writeUInt32LE(2000, 28)
  bytes.writeUInt16LE(2, 32), bytes.writeUInt16LE(16, 34), bytes.write('data', 36), bytes.writeUInt32LE(2 * count, 40)
  for (let k = 0; k < count; k++) bytes.writeInt16LE(Math.round(9000 * Math.sin(k * (0.1 + k / 3000))), 44 + 2 * k)
  return wav(bytes)
}
const generator = await load()
const { samples, samplesPerSecond } = sound(700)
const whole = await generator.complete(sound(700), { maxNewTokens: 6 })
const refused = await generator.complete('a text').catch((error) => error.message)
await generator.close()
print({ length: samples.length, samplesPerSecond, tokens: whole.generatedTokens, refused })`,
  )
  expect(found).toEqual({ length: 700, samplesPerSecond: 1000, tokens: 6, refused: 'the model reads sound, not a text' })
})
