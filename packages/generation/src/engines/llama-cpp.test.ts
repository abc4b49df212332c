import { readUsableCpus } from '@whyslow/measure/machine/index.ts'
import { expect, test } from 'vitest'
import type { GenerationRequest } from '../generator.ts'
import { withLoop } from '../loop/loop.ts'
import type { ControlledItem, LlamaModule, LlamaSequence, Token } from './llama-cpp/module.ts'
import { llamaCpp, openGguf } from './llama-cpp.ts'

const VOCABULARY = 8
const END = 7

/** The next token is the sum of all before it, by 7; after 12 tokens the text ends. Probabilities fall by halves from that token on. */
const nextOf = (tokens: readonly Token[]): Token =>
  tokens.length >= 12 ? END : tokens.reduce((sum, token) => sum + token, 0) % (VOCABULARY - 1)

/** `choosesApart`: it looks for a grammar before it chooses. */
function fakeModule(maxThreads?: number, choosesApart = true): { module: LlamaModule; given: object[]; evaluated: Token[][] } {
  const given: object[] = []
  const evaluated: Token[][] = []
  let history: Token[] = []
  const probabilities = () =>
    new Map(Array.from({ length: VOCABULARY }, (_, k) => [(nextOf(history) + k) % VOCABULARY, 2 ** -(k + 1)] as const))
  const sequence: LlamaSequence = {
    get nextTokenIndex() {
      return history.length
    },
    async *evaluate(tokens, options) {
      const { grammarEvaluationState } = options as { grammarEvaluationState?: () => undefined }
      history.push(...tokens)
      evaluated.push([...tokens])
      for (;;) {
        const next = nextOf(history)
        if (choosesApart) grammarEvaluationState?.()
        const given = yield next
        if (given !== undefined) evaluated.push([...given])
        history.push(...(given ?? [next]))
      }
    },
    async evaluateWithoutGeneratingNewTokens(tokens) {
      history.push(...tokens)
    },
    async controlledEvaluate(items: readonly ControlledItem[]) {
      evaluated.push(items.map((item) => (typeof item === 'number' ? item : item[0])))
      return items.map((item) => {
        history.push(typeof item === 'number' ? item : item[0])
        if (typeof item === 'number') return undefined
        return {
          next: item[1].generateNext.probabilities === true ? { probabilities: probabilities() } : { token: nextOf(history) },
        }
      })
    },
    async eraseContextTokenRanges([range]) {
      expect(range!.end).toBe(history.length)
      history = history.slice(0, range!.start)
    },
    async clearHistory() {
      history = []
    },
  }
  let log: ((level: string, text: string) => void) | undefined
  const module: LlamaModule = {
    async getLlama({ logger, ...options }: { logger?: typeof log }) {
      log = logger
      given.push(options)
      return {
        llamaCppRelease: { release: 'b1' },
        ...(maxThreads === undefined ? {} : { maxThreads }),
        async loadModel(options) {
          if (/broken/.test((options as { modelPath: string }).modelPath))
            throw new Error('unknown model architecture: "x"\n  at y')
          return {
            tokens: { eos: END, eot: null },
            fileInfo: {
              metadata: { tokenizer: { ggml: { tokens: { length: VOCABULARY }, token_type: [3, 1, 1, 1, 3, 1, 1, 3] } } },
            },
            tokenize: (text) => [...text].map(Number),
            detokenize: (tokens) => tokens.join(''),
            isEogToken: (token) => token === END || token === 4,
            async createContext(options) {
              given.push(options)
              return {
                contextSize: 16,
                idealThreads: (options as { threads?: number }).threads ?? maxThreads ?? 1,
                getSequence: () => sequence,
                async printTimings() {
                  log!('info', 'llama_perf_context_print:        load time =     100.00 ms')
                  log!(
                    'info',
                    'llama_perf_context_print: prompt eval time =      12.50 ms /     3 tokens (    4.17 ms per token)',
                  )
                  log!(
                    'info',
                    'llama_perf_context_print:        eval time =      50.00 ms /     5 runs   (   10.00 ms per token)',
                  )
                },
                async dispose() {},
              }
            },
            async dispose() {},
          }
        },
        async dispose() {},
      }
    },
  }
  return { module, given, evaluated }
}

const open = async (file = 'model.gguf', threads: number | null = null) => {
  const fake = fakeModule()
  return { ...fake, generator: await openGguf(fake.module, file, { threads }, { 'node-llama-cpp': '3.21.1' }) }
}
const REQUEST: GenerationRequest = {
  prompt: [1, 2, 3],
  newTokens: 5,
  ignoreEnd: true,
  sampling: { kind: 'greedy' },
  stop: [],
}
// 6, 6 + 6 = 12 by 7 is 5, then 3, 6, 5.
const FIVE = [6, 5, 3, 6, 5]

test('a whole call: ids, texts, counts, and an empty cache each time', async () => {
  const { generator, evaluated } = await open()
  const seen: number[] = []
  for (let k = 0; k < 2; k++) {
    const generation = await generator.generate(REQUEST, ({ id }) => seen.push(id!))
    expect(generation).toMatchObject({ promptTokens: 3, generatedTokens: 5, cachedTokens: 0, ended: 'length' })
    expect(generation.tokens.map(({ id, text }) => [id, text])).toEqual(FIVE.map((id) => [id, String(id)]))
  }
  expect(seen).toEqual([...FIVE, ...FIVE])
  expect(evaluated).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
  expect(generator).toMatchObject({ vocabulary: VOCABULARY, context: 16, endIds: [END, 4], versions: { 'llama.cpp': 'b1' } })
})

test("the engine's own clock: the prompt, and the tokens after the first", async () => {
  const { generator } = await open()
  const { parts } = await generator.generate(REQUEST)
  // Five runs took 50 ms; four of them gave the tokens after the first.
  expect(parts).toEqual({
    detokenizeMs: expect.any(Number),
    samplerMs: expect.any(Number),
    prefillRunMs: 12.5,
    decodeRunMs: 40,
  })
})

test('choosing a token begins when the package looks for a grammar; one that looks for none says nothing of it', async () => {
  const { module } = fakeModule(undefined, false)
  const generator = await openGguf(module, 'model.gguf', { threads: null }, {})
  expect((await generator.generate(REQUEST)).parts).not.toHaveProperty('samplerMs')
})

test('a text ends by itself, at a stop text, or goes on if its end is ignored', async () => {
  const { generator } = await open()
  const ended = async (changed: Partial<GenerationRequest>) => {
    const { ended, tokens } = await generator.generate({ ...REQUEST, newTokens: 13, ...changed })
    return [ended, tokens.length]
  }
  expect(await ended({ ignoreEnd: false })).toEqual(['end', 10])
  expect(await ended({})).toEqual(['length', 13])
  expect(await ended({ stop: ['53'] })).toEqual(['stop', 3])
})

test('steps give what whole calls give, with logits of the last position or of all', async () => {
  const { generator, evaluated } = await open()
  const sequence = generator.start!()
  const first = await sequence.feed([1, 2, 3], 'last')
  const best = (logits: Float32Array, row = 0) => {
    const at = logits.subarray(row * VOCABULARY, (row + 1) * VOCABULARY)
    return at.indexOf(Math.max(...at))
  }
  expect([first.positions, first.logits.length, best(first.logits)]).toEqual([1, VOCABULARY, 6])
  // Logarithms: differences are those of logits.
  expect(first.logits[6]! - first.logits[7]!).toBeCloseTo(Math.log(2), 5)
  const all = await sequence.feed([6, 5], 'all')
  expect([all.positions, best(all.logits, 0), best(all.logits, 1)]).toEqual([2, 5, 3])
  expect((await sequence.feed([3], 'none')).logits.length).toBe(0)
  expect(sequence.length).toBe(6)
  sequence.cut(3)
  expect(best((await sequence.feed([6], 'last')).logits)).toBe(5)
  expect(sequence.length).toBe(4)
  // The last position once more for its logits.
  expect(evaluated).toEqual([[1, 2, 3], [3], [6, 5], [3], [6], [6]])
})

test('a context that is too long is one line', async () => {
  const { generator } = await open()
  await expect(generator.generate({ ...REQUEST, newTokens: 14 })).rejects.toThrow(
    'the context holds 16 tokens, and 17 would be needed; give a shorter prompt or fewer new tokens',
  )
  await expect(generator.start!().feed(new Array(17).fill(1), 'last')).rejects.toThrow(/holds 16 tokens, and 17 would be needed/)
  await expect(generator.generate({ ...REQUEST, prompt: [] })).rejects.toThrow(/the prompt has no tokens/)
})

test('nothing is built or downloaded, threads are passed on, and a file that llama.cpp does not know is one line', async () => {
  const { given } = await open('model.gguf', 3)
  expect(given).toMatchObject([
    { gpu: false, build: 'never', skipDownload: true, maxThreads: 3 },
    { sequences: 1, threads: 3 },
  ])
  const error: unknown = await open('broken.gguf').catch((thrown) => thrown)
  expect(error).toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(/^broken\.gguf: .*unknown model architecture: "x"\);/),
  })
})

test('what it opens, and how it is installed', async () => {
  expect(llamaCpp.opens({ kind: 'gguf' })).toBe(true)
  expect(llamaCpp.opens({ kind: 'onnx' })).toMatch(/GGUF/)
  const options = { threads: null, prefillThreads: null, dtype: null, pythonPath: null, mostRequests: 0 }
  expect(await llamaCpp.missing(options, '/')).toMatch(/npm install node-llama-cpp@3\.21\.1$/)
})

test("a greedy loop takes the engine's own token: each is evaluated once", async () => {
  const { generator, evaluated } = await open()
  const looped = withLoop(generator, { prefixCache: true, lookup: null })
  const { tokens } = await looped.generate(REQUEST)
  expect(tokens.map(({ id }) => id)).toEqual(FIVE)
  expect(evaluated).toEqual([[1, 2, 3], [6], [5], [3], [6]])
  const sampling = { kind: 'sample', temperature: 0.001, topK: 1, topP: null, seed: 1 } as const
  expect((await looped.generate({ ...REQUEST, sampling })).tokens.map(({ id }) => id)).toEqual(FIVE)
})

test('more threads than there are CPUs are not started unless they are named', async () => {
  const cpus = readUsableCpus()
  const opened = async (maxThreads: number, threads: number | null) => {
    const { module, given } = fakeModule(maxThreads)
    const generator = await openGguf(module, 'model.gguf', { threads }, {})
    return [generator.threads, generator.defaultThreads, (given.at(-1) as { threads?: number }).threads]
  }
  expect(await opened(cpus + 2, null)).toEqual([cpus, cpus + 2, cpus])
  expect(await opened(cpus, null)).toEqual([cpus, undefined, undefined])
  expect(await opened(cpus + 2, cpus + 1)).toEqual([cpus + 1, undefined, cpus + 1])
})
