// Engines of text with the packages that they call, where those are: greedy ids are those of the reference, whole calls and steps alike. WHYSLOW_TEXT_PROJECT
// names a folder whose package.json declares @huggingface/transformers and node-llama-cpp, WHYSLOW_TEST_PYTHON a Python with onnxruntime-genai.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { llamaCpp } from '@whyslow/generation/engines/llama-cpp.ts'
import { pythonGenai } from '@whyslow/generation/engines/python-genai.ts'
import { transformersJs } from '@whyslow/generation/engines/transformers-js.ts'
import type { Generator } from '@whyslow/generation/generator.ts'
import { referenceGreedy } from '@whyslow/generation/support/decoder/reference.ts'
import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { writeDecoder } from '@whyslow/generation/support/decoder/write-decoder.ts'
import { configOf, writeFolder } from '@whyslow/generation/support/decoder/write-folder.ts'
import { writeLlamaGguf } from '@whyslow/generation/support/gguf/write-llama.ts'
import { plainOptions, plainRequest } from '@whyslow/generation/support/plain-options.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'

const project = process.env.WHYSLOW_TEXT_PROJECT
const has = (name: string) => project !== undefined && fs.existsSync(path.join(project, 'node_modules', name))
const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const hasGenai = spawnSync(python, ['-c', 'import onnxruntime_genai']).status === 0

const weights = decoderWeights()
const PROMPT = [3, 17, 42, 5, 60]
const MANY = 24
const EXPECTED = referenceGreedy(weights, PROMPT, MANY)
/** Before the first end, which onnxruntime-genai never chooses where ends are ignored. */
const UNTIL_END = EXPECTED.indexOf(0) < 0 ? EXPECTED : EXPECTED.slice(0, EXPECTED.indexOf(0))

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(project ?? fs.realpathSync('/tmp'), 'whyslow-text-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

async function idsOf(generator: Generator, newTokens = MANY): Promise<(number | null)[]> {
  const { tokens } = await generator.generate(plainRequest(PROMPT, newTokens))
  return tokens.map(({ id }) => id)
}

/** Greedy, one token after the other, with a cut in between. */
async function steppedIds(generator: Generator, many: number): Promise<number[]> {
  const sequence = generator.start!()
  const ids: number[] = []
  let { logits } = await sequence.feed(PROMPT, 'last')
  while (ids.length < many) {
    const id = logits.indexOf(Math.max(...logits))
    ids.push(id)
    logits = (await sequence.feed([id], 'last')).logits
    if (ids.length !== 3) continue
    sequence.cut(PROMPT.length)
    await sequence.feed(ids.slice(0, 2), 'none')
    logits = (await sequence.feed(ids.slice(2), 'last')).logits
  }
  return ids
}

describe('engines of text', () => {
  test.skipIf(!has('@huggingface/transformers'))(
    'transformers.js',
    needs('@huggingface/transformers in WHYSLOW_TEXT_PROJECT'),
    async () => {
      const generator = await transformersJs.open(writeFolder(path.join(folder, 'transformers'), weights), plainOptions)
      expect(await idsOf(generator)).toEqual(EXPECTED)
      const { parts, totalMs, tokens } = await generator.generate(plainRequest('the cat', MANY))
      expect(tokens.length).toBe(MANY)
      expect(Object.values(parts).reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(totalMs)
      for (const part of ['tokenizeMs', 'prefillRunMs', 'decodeRunMs', 'feedsMs', 'samplerMs', 'detokenizeMs'] as const)
        expect(parts[part]).toBeGreaterThan(0)
      await generator.close()
    },
  )

  test.skipIf(!has('node-llama-cpp'))('node-llama-cpp', needs('node-llama-cpp in WHYSLOW_TEXT_PROJECT'), async () => {
    const file = writeLlamaGguf(path.join(folder, 'gguf', 'tiny.gguf'), weights)
    const generator = await llamaCpp.open(file, plainOptions)
    expect(await idsOf(generator)).toEqual(EXPECTED)
    expect(await steppedIds(generator, MANY)).toEqual(EXPECTED)
    expect(await idsOf(generator)).toEqual(EXPECTED)
    await generator.close()
  })

  test.skipIf(!hasGenai)('onnxruntime-genai', needs('an interpreter with onnxruntime-genai'), async () => {
    const at = path.join(folder, 'genai')
    writeDecoder(path.join(at, 'model.onnx'), weights, { attention: 'fused' })
    fs.writeFileSync(path.join(at, 'config.json'), JSON.stringify(configOf(weights)))
    fs.writeFileSync(path.join(at, 'genai_config.json'), JSON.stringify(genaiConfig()))
    const generator = await pythonGenai.open(at, { ...plainOptions, pythonPath: python })
    expect(await idsOf(generator, UNTIL_END.length)).toEqual(UNTIL_END)
    expect(await steppedIds(generator, MANY)).toEqual(EXPECTED)
    await generator.close()
  })
})

function genaiConfig(): object {
  const { layers, width, heads, kvHeads, vocabulary, context } = weights.shape
  return {
    model: {
      type: 'llama',
      vocab_size: vocabulary,
      context_length: context,
      ...{ bos_token_id: 1, eos_token_id: 0, pad_token_id: 0 },
      decoder: {
        filename: 'model.onnx',
        ...{ head_size: width / heads, hidden_size: width, num_hidden_layers: layers },
        ...{ num_attention_heads: heads, num_key_value_heads: kvHeads },
        session_options: { provider_options: [] },
        inputs: {
          ...{ input_ids: 'input_ids', attention_mask: 'attention_mask' },
          ...{ past_key_names: 'past_key_values.%d.key', past_value_names: 'past_key_values.%d.value' },
        },
        outputs: { logits: 'logits', present_key_names: 'present.%d.key', present_value_names: 'present.%d.value' },
      },
    },
    search: { max_length: context, past_present_share_buffer: true },
  }
}
