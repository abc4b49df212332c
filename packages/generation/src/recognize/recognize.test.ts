import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { floatTensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { transformerBlocks } from '@whyslow/graph/support/example-transformer.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { filesUnder, ROOT } from '../../../../test/sources.ts'
import { type DecoderWeights, decoderWeights } from '../../test/support/decoder/weights.ts'
import { type DecoderForm, decoderModel, writeDecoder } from '../../test/support/decoder/write-decoder.ts'
import { configOf, writeFolder } from '../../test/support/decoder/write-folder.ts'
import { writeGguf } from '../../test/support/gguf/write-gguf.ts'
import { writeLlamaGguf } from '../../test/support/gguf/write-llama.ts'
import { recognize } from './recognize.ts'

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-recognize-'))
afterAll(() => fs.rmSync(temporary, { recursive: true }))
let made = 0
const place = (name: string) => path.join(temporary, String(made++), name)

const llama = decoderWeights()
const gpt2 = decoderWeights({ family: 'gpt2' })

// 2 layers of 32 wide, 2 heads of 16 with one of keys and values, 64 inside, 64 tokens.
const MATRICES = 2 * (32 * 32 * 2 + 2 * 32 * 16 + 3 * 32 * 64)
const NORMS = 5 * 32
const TABLE = 64 * 32
const ROW = 32 * 4
/** Rates of the angles, half a head. */
const RATES = 8

const FORMS: readonly (readonly [string, DecoderWeights, DecoderForm, object])[] = [
  [
    'float32',
    llama,
    {},
    { dtype: 'float32', bytesPerToken: (MATRICES + NORMS + TABLE + RATES) * 4 + ROW, cacheBytesPerToken: 256 },
  ],
  [
    'a tied head',
    decoderWeights({ tied: true }),
    {},
    { parameters: MATRICES + NORMS + TABLE + RATES, bytesPerToken: (MATRICES + NORMS + TABLE + RATES) * 4 },
  ],
  [
    'merged',
    llama,
    { cache: 'merged' },
    { parameters: MATRICES + NORMS + 2 * TABLE + RATES, bytesPerToken: (MATRICES + NORMS + TABLE + RATES) * 4 + ROW },
  ],
  // 4 bits and a float32 scale for each 32: 0.625 bytes a weight.
  [
    'int4',
    llama,
    { weights: 'int4' },
    {
      dtype: 'int4',
      parameters: MATRICES + NORMS + 2 * TABLE + RATES,
      bytesPerToken: (MATRICES + TABLE) * 0.625 + (NORMS + RATES) * 4 + ROW,
    },
  ],
  [
    'int4, head in float32',
    llama,
    { weights: 'int4', head: 'float32' },
    { bytesPerToken: MATRICES * 0.625 + (TABLE + NORMS + RATES) * 4 + ROW },
  ],
  ['int8', llama, { weights: 'int8' }, { dtype: 'int8', bytesPerToken: MATRICES + TABLE + (NORMS + RATES) * 4 + ROW }],
  [
    'float16',
    llama,
    { weights: 'float16' },
    {
      dtype: 'float16',
      cacheDtype: 'float16',
      cacheBytesPerToken: 128,
      bytesPerToken: (MATRICES + NORMS + TABLE) * 2 + ROW / 2 + RATES * 4,
    },
  ],
  [
    'grouped-query attention',
    llama,
    { attention: 'fused' },
    { heads: 2, context: 128, parameters: MATRICES + NORMS + 2 * TABLE },
  ],
  [
    'GPT-2',
    gpt2,
    { cache: 'stacked' },
    { layers: 2, kvHeads: 2, headSize: 16, vocabulary: 64, context: 128, cacheBytesPerToken: 512 },
  ],
  ['no cache', llama, { cache: 'none' }, { vocabulary: 64, layers: null, kvHeads: null, cacheBytesPerToken: 0 }],
]

describe('an ONNX decoder', () => {
  it.each(FORMS)('%s', async (_, weights, form, numbers) => {
    const file = writeDecoder(place('model.onnx'), weights, form)
    const found = (await recognize(file))!
    expect(found).toMatchObject({ kind: 'onnx', source: file, model: file, tokenizer: null, problem: null, address: null })
    expect(found.numbers).toMatchObject(numbers)
    if (form.cache !== 'none') expect(found.numbers).toMatchObject({ layers: 2, headSize: 16, vocabulary: 64 })
  })
})

describe('a folder of transformers.js', () => {
  const models = { 'model.onnx': {}, 'model_q4.onnx': { weights: 'int4' }, 'model_quantized.onnx': { weights: 'int8' } } as const

  it('takes what transformers.js takes, or what is named', async () => {
    const folder = writeFolder(place('smol'), llama, { models })
    const found = (await recognize(folder))!
    expect(found).toMatchObject({
      kind: 'transformers-folder',
      name: 'smol',
      tokenizer: path.join(folder, 'tokenizer.json'),
      endIds: [0],
    })
    expect(found.variants.map(({ dtype }) => dtype)).toEqual(['fp32', 'q8', 'q4'])
    expect(found.numbers).toMatchObject({ architecture: 'llama', dtype: 'float32', heads: 2, context: 128 })
    expect((await recognize(folder, 'q4'))!.numbers.dtype).toBe('int4')
    await expect(recognize(folder, 'fp16')).rejects.toThrow(/has no model of dtype fp16; choose one of fp32, q8, q4/)
  })

  it('has a tokenizer and a configuration for the lone file in it as well', async () => {
    const folder = writeFolder(place('smol'), llama)
    const found = (await recognize(path.join(folder, 'onnx/model.onnx')))!
    expect(found).toMatchObject({ kind: 'onnx', name: 'smol', tokenizer: path.join(folder, 'tokenizer.json'), endIds: [0] })
  })

  it('an encoder and its decoder are one generator, and what a token adds is the decoder’s', async () => {
    const models = { 'decoder_model_merged.onnx': { cache: 'merged' } } as const
    const folder = writeFolder(place('t5'), decoderWeights({ encoder: true }), { models })
    const found = (await recognize(folder))!
    expect(found.variants).toMatchObject([{ dtype: 'fp32', encoder: path.join(folder, 'onnx/encoder_model.onnx') }])
    expect(found.layout!.cache.map(({ role }) => role)).toEqual([
      'self',
      'self',
      'cross',
      'cross',
      'self',
      'self',
      'cross',
      'cross',
    ])
    expect(found.numbers).toMatchObject({ layers: 2, headSize: 16, cacheBytesPerToken: 256 })
    expect(await recognize(path.join(folder, 'onnx/encoder_model.onnx'))).toBeNull()
  })

  it('of an encoder’s decoders in two files, the one that computes the encoder’s keys makes the first call', async () => {
    const models = { 'decoder_model.onnx': { cache: 'first' }, 'decoder_with_past_model.onnx': { cache: 'later' } } as const
    const both = writeFolder(place('whisper'), decoderWeights({ encoder: true }), { models })
    const pair = {
      ...{
        problem: null,
        first: path.join(both, 'onnx/decoder_model.onnx'),
        encoder: path.join(both, 'onnx/encoder_model.onnx'),
      },
      model: path.join(both, 'onnx/decoder_with_past_model.onnx'),
    }
    expect(await recognize(both)).toMatchObject(pair)
    expect(await recognize(pair.model)).toMatchObject(pair)
    expect(await recognize(pair.first)).toMatchObject({ ...pair, first: null, model: pair.first })
    const gpt2 = { 'decoder_model.onnx': { cache: 'none' }, 'decoder_with_past_model.onnx': {} } as const
    const alone = writeFolder(place('old-gpt2'), llama, { models: gpt2 })
    expect((await recognize(alone))!.model).toBe(path.join(alone, 'onnx/decoder_with_past_model.onnx'))
  })

  it('a configuration that is no JSON is one line', async () => {
    const folder = writeFolder(place('broken'), llama)
    fs.writeFileSync(path.join(folder, 'config.json'), '{"model_type":')
    await expect(recognize(folder)).rejects.toThrow(/config\.json is not valid JSON .*; download it again/)
    // Next to a lone file it may be any program's.
    expect(await recognize(path.join(folder, 'onnx/model.onnx'))).toMatchObject({ kind: 'onnx', problem: null })
  })
})

describe('GGUF', () => {
  it('by its first bytes, whatever its name', async () => {
    const file = writeLlamaGguf(place('weights.bin'), llama, 'Q4_0')
    expect(await recognize(file)).toMatchObject({
      kind: 'gguf',
      name: 'tiny',
      tokenizer: file,
      numbers: { dtype: 'Q4_0', layers: 2 },
    })
  })
})

describe('GGUF in parts', () => {
  const part = (name: string) =>
    writeGguf({
      metadata: { 'general.architecture': { text: 'llama' }, 'split.count': { u32: 2 } },
      tensors: [{ name, shape: [32, 4], type: 'Q8_0', bytes: new Uint8Array(136) }],
    })
  it('is all of them, and one line for one that is missing or not the first', async () => {
    const first = place('m-00001-of-00002.gguf')
    fs.mkdirSync(path.dirname(first))
    const second = first.replace('00001', '00002')
    fs.writeFileSync(first, part('blk.0.a.weight'))
    await expect(recognize(first)).rejects.toThrow(/m-00002-of-00002\.gguf cannot be read \(ENOENT\); check the path/)
    fs.writeFileSync(second, part('blk.1.a.weight'))
    expect((await recognize(first))!.numbers.parameters).toBe(2 * 128)
    await expect(recognize(second)).rejects.toThrow(
      /is one of 2 parts of a model; give the first, whose name ends in -00001-of-00002\.gguf/,
    )
  })
})

describe('an address', () => {
  it.each([
    ['http://localhost:8000/v1/chat/completions', true],
    ['https://example.org/v1', true],
    ['http://localhost:8000/v1/completions', true],
    ['http://localhost:8000/v1/responses', true],
    ['http://localhost:11434/api', true],
    ['http://localhost:11434/api/chat', true],
    ['http://localhost:11434/api/generate', true],
    ['http://localhost:8080/completion', true],
    ['http://localhost:8080/', false],
  ])('%s', async (url, saysText) => {
    expect(await recognize(url)).toMatchObject({ kind: 'address', address: { url, saysText }, model: null })
  })

  it.each(['http://localhost:8000/v2/models/m/infer', 'ftp://x/v1', 'http://[', 'localhost'])('no: %s', async (url) => {
    expect(await recognize(url)).toBeNull()
  })
})

describe('no to what generates no text', () => {
  // Damaged and hostile files are refused by whoever opens them.
  const said = async (file: string) => {
    try {
      return await recognize(file)
    } catch (error) {
      expect(error).toBeInstanceOf(InputError)
      return null
    }
  }
  const files = filesUnder('fixtures', (file) => /\.(onnx|tflite|h5|keras|json|gguf|bin|ubj|skops)$/.test(file))

  it('every fixture of this repository, and the folders that they are in', async () => {
    expect(files.length).toBeGreaterThan(100)
    const places = [...files, ...new Set(files.map((file) => path.dirname(file)))]
    const found: string[] = []
    for (const one of places) if ((await said(path.join(ROOT, one))) !== null) found.push(one)
    expect(found).toEqual([])
  })

  it('an encoder: its states, or the missing words of a text', async () => {
    const encoder = place('encoder.onnx')
    fs.mkdirSync(path.dirname(encoder))
    fs.writeFileSync(encoder, writeModel(transformerBlocks()))
    expect(await recognize(encoder)).toBeNull()
    // Ids in, logits of the vocabulary out, as a decoder without a cache, and no mask that hides what comes later.
    const masked = place('model.onnx')
    fs.mkdirSync(path.dirname(masked))
    const bert = model({
      nodes: [node('Gather', ['table', 'input_ids'], ['rows']), node('MatMul', ['rows', 'head'], ['logits'])],
      initializers: [floatTensor('table', [64, 8], new Float32Array(512)), floatTensor('head', [8, 64], new Float32Array(512))],
      inputs: [valueInfo('input_ids', 'int64', ['b', 's']), valueInfo('attention_mask', 'int64', ['b', 's'])],
      outputs: [valueInfo('logits', 'float32', ['b', 's', 64])],
    })
    fs.writeFileSync(masked, writeModel(bert))
    expect(await recognize(masked)).toBeNull()
    fs.writeFileSync(
      path.join(path.dirname(masked), 'config.json'),
      JSON.stringify({ ...configOf(llama), architectures: ['BertForMaskedLM'] }),
    )
    expect(await recognize(path.dirname(masked))).toBeNull()
  })

  it('a decoder’s body that tells a few classes apart', async () => {
    const proto = decoderModel({ ...llama, head: { inputs: 32, outputs: 3, values: new Float32Array(96) } }, { cache: 'none' })
    const graph = proto.graph!
    const file = place('classes.onnx')
    fs.mkdirSync(path.dirname(file))
    graph.output = [valueInfo('logits', 'float32', ['batch_size', 'sequence_length', 3])]
    fs.writeFileSync(file, writeModel(proto))
    expect(await recognize(file)).toBeNull()
  })

  const BERT_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => valueInfo(name, 'int64', ['b', 's']))
  const HEAD = floatTensor('head', [8, 64], new Float32Array(512))
  const TABLE_OF_64 = floatTensor('table', [64, 8], new Float32Array(512))
  const GATHER = node('Gather', ['table', 'input_ids'], ['rows'])
  const SCORES = node('MatMul', ['rows', 'head'], ['logits'])
  const LOGITS = valueInfo('logits', 'float32', ['b', 's', 64])
  const saved = (parts: Parameters<typeof model>[0]) => {
    const file = place('bert.onnx')
    fs.mkdirSync(path.dirname(file))
    fs.writeFileSync(file, writeModel(model({ ...parts, opsets: { 'com.microsoft': 1 } })))
    return file
  }

  it('BERT with its three inputs, whatever it scores', async () => {
    const parts = { nodes: [GATHER, SCORES], initializers: [TABLE_OF_64, HEAD], inputs: BERT_INPUTS }
    for (const shape of [
      ['b', 's', 64],
      ['b', 3],
      ['b', 'classes'],
      ['b', 's', 'classes'],
    ] as const)
      expect(await recognize(saved({ ...parts, outputs: [valueInfo('logits', 'float32', shape)] }))).toBeNull()
    const nodes = [
      node('EmbedLayerNormalization', ['input_ids', 'token_type_ids', 'table', 'places', 'kinds', 'g', 'g'], ['rows', 'm']),
      SCORES,
    ]
    const more = ['places', 'kinds'].map((name) => floatTensor(name, [2, 8], new Float32Array(16)))
    const initializers = [TABLE_OF_64, HEAD, ...more, floatTensor('g', [8], new Float32Array(8))]
    expect(await recognize(saved({ nodes, initializers, inputs: BERT_INPUTS, outputs: [LOGITS] }))).toBeNull()
  })

  /** What a causal mask leaves in a graph. */
  const CAUSAL = node('Trilu', ['rows'], ['masked'])
  const FEW = floatTensor('head', [8, 3], new Float32Array(24))
  const IDS_AND_MASK = BERT_INPUTS.slice(0, 2)
  it.each([
    ['ids through Cast', [node('Cast', ['input_ids'], ['ids'], { to: 6 }), node('Gather', ['table', 'ids'], ['rows'])]],
    [
      'a table through DequantizeLinear',
      [node('DequantizeLinear', ['table', 'scale'], ['real']), node('Gather', ['real', 'input_ids'], ['rows'])],
    ],
    ['a fused embedding', [node('EmbedLayerNormalization', ['input_ids', '', 'table', 'table', '', 'g', 'g'], ['rows', 'm'])]],
  ] as const)('a decoder’s body with a head of a few classes: %s', async (_, start) => {
    const scale = floatTensor('scale', [], [1])
    const nodes = [...start, CAUSAL, node('MatMul', ['masked', 'head'], ['logits'])]
    const initializers = [TABLE_OF_64, FEW, scale, floatTensor('g', [8], new Float32Array(8))]
    const parts = { nodes, initializers, inputs: IDS_AND_MASK }
    expect(await recognize(saved({ ...parts, outputs: [valueInfo('logits', 'float32', ['b', 's', 3])] }))).toBeNull()
    expect(await recognize(saved({ ...parts, outputs: [valueInfo('logits', 'float32', ['b', 's', 'classes'])] }))).toBeNull()
    expect(await recognize(saved({ ...parts, outputs: [valueInfo('logits', 'float32', ['b', 'classes'])] }))).toBeNull()
    // The same with scores for each token is a decoder without a cache, of the last position too.
    const whole = { ...parts, initializers: [TABLE_OF_64, HEAD, ...initializers.slice(2)] }
    for (const shape of [
      ['b', 's', 64],
      ['b', 's', 'v'],
      ['b', 64],
    ] as const)
      expect(await recognize(saved({ ...whole, outputs: [valueInfo('logits', 'float32', shape)] }))).toMatchObject({
        problem: null,
      })
  })

  it('speech: a spectrogram of tokens', async () => {
    const parts = {
      nodes: [node('Gather', ['table', 'tokens'], ['rows']), CAUSAL, node('Mul', ['masked', 'scales'], ['mel'])],
      initializers: [TABLE_OF_64],
      inputs: [valueInfo('tokens', 'int64', ['b', 's']), valueInfo('scales', 'float32', [1])],
    }
    expect(await recognize(saved({ ...parts, outputs: [valueInfo('mel', 'float32', ['b', 80, 'frames'])] }))).toBeNull()
    expect(await recognize(saved({ ...parts, outputs: [valueInfo('mel', 'float32', ['b', 'frames', 80])] }))).toBeNull()
  })

  it('but a decoder whose cache nobody knows is one, with its problem', async () => {
    const past = valueInfo('cache_a', 'float32', ['b', 2, 'past', 4])
    const file = saved({
      nodes: [GATHER, SCORES],
      initializers: [TABLE_OF_64, HEAD],
      inputs: [...IDS_AND_MASK, past],
      outputs: [LOGITS],
    })
    expect((await recognize(file))!.problem).toMatch(/^the cache layout is not known: input cache_a/)
  })

  it('what does not exist', async () => {
    expect(await recognize(place('none.onnx'))).toBeNull()
    expect(await recognize(place('none'))).toBeNull()
  })
})
