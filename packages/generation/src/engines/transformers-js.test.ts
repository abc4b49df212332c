import { expect, test } from 'vitest'
import type { GenerationRequest } from '../generator.ts'
import type { Callable, Session, TextModel, TextPipeline, Tokenizer, TransformersModule } from './transformers-js/module.ts'
import { openPipeline, transformersJs } from './transformers-js.ts'

const VOCABULARY = 7
const END = 6

/** A package of the same shape: a loop, a streamer that decodes all tokens since the last line end, a sampler. Nothing takes time. */
function fakeModule() {
  const given: { task?: string; model?: string; options?: object; calls: Record<string, unknown>[] } = { calls: [] }
  const env: Record<string, unknown> = {}
  class TextStreamer {
    private cache: bigint[] = []
    private printed = 0
    private readonly tokenizer: Tokenizer
    private isPrompt = true
    constructor(tokenizer: Tokenizer) {
      this.tokenizer = tokenizer
    }
    put(value: readonly (readonly bigint[])[]): void {
      if (this.isPrompt) {
        this.isPrompt = false
        return
      }
      this.cache.push(...value[0]!)
      const text = this.tokenizer.decode(this.cache, {})
      this.on_finalized_text(text.slice(this.printed), false)
      this.printed = text.length
    }
    end(): void {
      this.on_finalized_text(this.tokenizer.decode(this.cache, {}).slice(this.printed), true)
    }
    on_finalized_text(_text: string, _isEnd: boolean): void {}
  }
  class InterruptableStoppingCriteria {
    interrupted = false
    interrupt(): void {
      this.interrupted = true
    }
  }
  const session: Session = { run: async () => ({}) }
  const tokenizer: Tokenizer = {
    _call: (text) => [...(text as string)].map(Number),
    encode: (text) => [...text].map(Number),
    decode: (ids) => ids.map(String).join(''),
  }
  interface Asked {
    readonly inputs: { readonly data: BigInt64Array }
    readonly max_new_tokens: number
    readonly eos_token_id?: null
    readonly streamer: TextStreamer
    readonly stopping_criteria: readonly InterruptableStoppingCriteria[]
  }
  const model: TextModel & { own: boolean } = {
    own: true,
    config: { vocab_size: VOCABULARY, max_position_embeddings: 64, eos_token_id: END },
    sessions: { model: session },
    async forward() {
      await this.sessions!.model!.run({})
      const logits = { slice: () => logits, to: () => logits }
      return { logits }
    },
    _get_logits_processor: (): Callable => ({ _call: (...logits) => logits }),
    async generate(options) {
      const { inputs, max_new_tokens: most, eos_token_id: end, streamer, stopping_criteria: criteria } = options as Asked
      given.calls.push({ ...(options as object) })
      const ids = [...inputs.data].map(Number)
      streamer.put([ids.map(BigInt)])
      const processors = model._get_logits_processor!()
      for (let k = 0; k < most; k++) {
        const { logits } = await model.forward({})
        processors._call(ids, logits!.slice(null, -1, null).to('float32'))
        const next = ids.reduce((sum, id) => sum + id, 1) % VOCABULARY
        ids.push(next)
        streamer.put([[BigInt(next)]])
        if ((end !== null && next === END) || criteria.some(({ interrupted }) => interrupted)) break
      }
      streamer.end()
      return ids
    },
  }
  const pipe = Object.assign(
    async (prompt: string, options: object) => {
      const ids = tokenizer._call(prompt) as number[]
      return model.generate({ inputs: { data: BigInt64Array.from(ids, BigInt) }, ...options })
    },
    { model, tokenizer },
  ) as TextPipeline
  const module = {
    env,
    async pipeline(task: string, name: string, options: object) {
      if (name === 'broken') throw new Error('Could not locate file: "onnx/model.onnx"\n more')
      Object.assign(given, { task, model: name, options })
      return pipe
    },
    AutoConfig: { from_pretrained: async (name: string) => ({ is_encoder_decoder: name === 't5' }) },
    TextStreamer,
    InterruptableStoppingCriteria,
    Tensor: class {
      readonly data: BigInt64Array
      constructor(_type: string, data: BigInt64Array) {
        this.data = data
      }
    },
  } as unknown as TransformersModule
  return { module, given, env, model, tokenizer, session }
}

const open = async (folder = '/models/tiny', options = { threads: null as number | null, dtype: null as string | null }) => {
  const fake = fakeModule()
  return { ...fake, generator: await openPipeline(fake.module, folder, options, {}) }
}
const REQUEST: GenerationRequest = { prompt: [1, 2], newTokens: 4, ignoreEnd: true, sampling: { kind: 'greedy' }, stop: [] }
// 1 + 1 + 2 = 4, then 8 by 7 is 1, 2, 4.
const FOUR = [4, 1, 2, 4]

test('a call with ids, and with a text as the pipeline takes it', async () => {
  const { generator, given } = await open()
  for (const prompt of [[1, 2], '12'] as const) {
    const seen: (number | null)[] = []
    const generation = await generator.generate({ ...REQUEST, prompt }, ({ id }) => seen.push(id))
    expect(generation).toMatchObject({ promptTokens: 2, generatedTokens: 4, ended: 'length' })
    expect(generation.tokens.map(({ id, text }) => [id, text])).toEqual(FOUR.map((id) => [id, String(id)]))
    expect(seen).toEqual(FOUR)
  }
  expect(given.calls.map(({ do_sample, eos_token_id, return_full_text }) => [do_sample, eos_token_id, return_full_text])).toEqual(
    [
      [false, null, undefined],
      [false, null, false],
    ],
  )
})

test('what generation_config.json adds to greedy choice stays for users, and is left out where engines are compared', async () => {
  const { generator, given } = await open()
  for (const plain of [undefined, true]) await generator.generate({ ...REQUEST, ...(plain === undefined ? {} : { plain }) })
  expect(given.calls.map(({ repetition_penalty, no_repeat_ngram_size }) => [repetition_penalty, no_repeat_ngram_size])).toEqual([
    [undefined, undefined],
    [1, 0],
  ])
})

test('if ends are ignored, none is forced as the last token either', async () => {
  const { generator, given } = await open()
  for (const ignoreEnd of [true, false]) await generator.generate({ ...REQUEST, ignoreEnd })
  expect(given.calls.map(({ forced_eos_token_id }) => forced_eos_token_id)).toEqual([null, undefined])
})

test('its parts are told, and what was put in front of methods is taken away again', async () => {
  const { generator, model, session, tokenizer } = await open()
  const before = [model.forward, session.run, tokenizer.decode, tokenizer._call]
  const { parts } = await generator.generate({ ...REQUEST, prompt: '12' })
  expect(Object.keys(parts).sort()).toEqual(
    [
      ...['decodeRunMs', 'detokenizeMs', 'feedsMs', 'logitsMs', 'prefillRunMs', 'processorsMs', 'samplerMs', 'streamerMs'],
      'tokenizeMs',
    ].sort(),
  )
  expect([model.forward, session.run, tokenizer.decode, tokenizer._call]).toEqual(before)
  expect(Object.hasOwn(model, 'own')).toBe(true)
})

test('a text ends by itself, or at a stop text', async () => {
  const { generator } = await open()
  // 1 + 5 = 6, the end.
  expect(await generator.generate({ ...REQUEST, prompt: [5], ignoreEnd: false })).toMatchObject({
    ended: 'end',
    generatedTokens: 1,
  })
  expect(await generator.generate({ ...REQUEST, stop: ['12'] })).toMatchObject({ ended: 'stop', generatedTokens: 3 })
})

test('local files only, the task that the model is for, dtype and threads as they are given', async () => {
  const { env, given, generator } = await open('/models/tiny', { threads: 2, dtype: 'q4' })
  expect(env).toMatchObject({ allowRemoteModels: false, localModelPath: '/models/' })
  expect(given).toMatchObject({
    task: 'text-generation',
    model: 'tiny',
    options: { local_files_only: true, dtype: 'q4', session_options: { intraOpNumThreads: 2 } },
  })
  expect(generator).toMatchObject({ vocabulary: VOCABULARY, context: 64, endIds: [END] })
  const plain = await open('/models/t5')
  expect(plain.given.task).toBe('text2text-generation')
  expect(plain.given.options).toEqual({ local_files_only: true })
})

test('without a tokenizer ids work, and texts are one line', async () => {
  const fake = fakeModule()
  const bare = Object.assign(async () => ({}), { model: fake.model, tokenizer: null }) as unknown as TextPipeline
  const module = { ...fake.module, pipeline: async () => bare }
  const generator = await openPipeline(module, '/models/tiny', { threads: null, dtype: null }, {})
  expect([generator.encode, generator.decode]).toEqual([null, null])
  const { tokens } = await generator.generate(REQUEST)
  expect(tokens.map(({ id, text }) => [id, text])).toEqual(FOUR.map((id) => [id, null]))
  await expect(generator.generate({ ...REQUEST, prompt: '12' })).rejects.toThrow(/no tokenizer\.json; add it, or give token ids/)
})

test('text that the streamer held back comes with the last token', async () => {
  const { generator, tokenizer } = await open()
  // Only whole pairs are shown until all tokens came.
  const decode = tokenizer.decode
  let came = 0
  tokenizer.decode = (ids, options) => decode(came < 3 ? ids.slice(0, ids.length - (ids.length % 2)) : ids, options)
  const { tokens } = await generator.generate({ ...REQUEST, newTokens: 3 }, () => came++)
  expect(tokens.map(({ text }) => text)).toEqual(['', '41', '2'])
})

test('a file that is missing is one line', async () => {
  await expect(open('/models/broken')).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(
      /^\/models\/broken: transformers\.js cannot open it \(Could not locate file: "onnx\/model\.onnx"\); see which files/,
    ),
  })
})

test('what it opens, and how it is installed', async () => {
  expect(transformersJs.opens({ kind: 'transformers-folder' })).toBe(true)
  expect(transformersJs.opens({ kind: 'gguf' })).toMatch(/folders of transformers\.js/)
  const options = { threads: null, prefillThreads: null, dtype: null, pythonPath: null, mostRequests: 0 }
  expect(await transformersJs.missing(options, '/')).toMatch(/npm install @huggingface\/transformers$/)
})
