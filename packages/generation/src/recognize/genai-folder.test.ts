import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratch } from '../../../../test/support/made-folders.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { writeDecoder } from '../../test/support/decoder/write-decoder.ts'
import { cacheSizes, generatorFiles } from './folder.ts'
import { recognize } from './recognize.ts'

const llama = decoderWeights()
const place = (name: string) => path.join(scratch(), name)

describe('a folder of onnxruntime-genai', () => {
  const config = {
    model: { type: 'llama', context_length: 96, eos_token_id: [0, 2], vocab_size: 64, decoder: { filename: 'decoder.onnx' } },
  }
  const write = (content: object) => {
    const file = writeDecoder(place('decoder.onnx'), llama, { attention: 'fused' })
    fs.writeFileSync(path.join(path.dirname(file), 'genai_config.json'), JSON.stringify(content))
    return path.dirname(file)
  }

  it('names its decoder, its context and what ends a text', async () => {
    const found = (await recognize(write(config)))!
    expect(found).toMatchObject({
      kind: 'genai-folder',
      endIds: [0, 2],
      numbers: { architecture: 'llama', context: 96, kvHeads: 1 },
    })
  })

  it('says how large a cache is whose graph does not declare it', async () => {
    const { heads, kvHeads, width, layers } = llama.shape
    const decoder = {
      filename: 'decoder.onnx',
      num_attention_heads: heads,
      num_key_value_heads: kvHeads,
      head_size: width / heads,
    }
    const file = writeDecoder(place('decoder.onnx'), llama, { attention: 'fused', cache: 'open' })
    fs.writeFileSync(path.join(path.dirname(file), 'genai_config.json'), JSON.stringify({ model: { ...config.model, decoder } }))
    const { layout, numbers } = (await recognize(path.dirname(file)))!
    expect(layout!.cache[0]!.shape).toEqual(['batch_size', kvHeads, 'past_sequence_length', width / heads])
    // Keys and values in float32.
    const cacheBytesPerToken = layers * 2 * kvHeads * (width / heads) * 4
    expect(numbers).toMatchObject({ kvHeads, headSize: width / heads, cacheBytesPerToken })
  })

  it('says how many tokens a ring holds', () => {
    const folder = scratch()
    const ringOf = (sliding_window?: object) => {
      const decoder = { ...config.model.decoder, sliding_window }
      fs.writeFileSync(path.join(folder, 'genai_config.json'), JSON.stringify({ model: { ...config.model, decoder } }))
      return cacheSizes(generatorFiles(folder)!).ring
    }
    expect([ringOf(), ringOf({ window_size: 32, cache_slack: 0 }), ringOf({ window_size: 32, cache_slack: 4 })]).toEqual([
      null,
      32,
      36,
    ])
  })

  it.each(['../../etc/decoder.onnx', '/etc/decoder.onnx', ''])(
    'a file name that leads out of it is one line: %s',
    async (filename) => {
      await expect(recognize(write({ model: { decoder: { filename } } }))).rejects.toThrow(/names no file of a single decoder/)
    },
  )
})
