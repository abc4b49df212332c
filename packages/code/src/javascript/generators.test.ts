import { expect, test } from 'vitest'
import type { PatternName } from '../facts.ts'
import { readSource } from './source.ts'

const HEAD = "import { pipeline, AutoModelForCausalLM, AutoTokenizer, TextStreamer } from '@huggingface/transformers'\n"
const OURS =
  /^(generate-call|dtype-missing|context-made|streamer-made|turns-uncached|beams-set|probabilities-taken|ids-cut|texts-padded|model-load)$/

/** Patterns of generation by line, counted from the first line after the head. */
const found = (text: string, head = HEAD): [PatternName, number][] =>
  readSource(`${head}${text}`, 'app.mjs')!
    .patterns.filter(({ pattern }) => OURS.test(pattern))
    .map(({ pattern, line }) => [pattern, line - head.split('\n').length + 1])

test('models that are loaded, with and without a dtype', () => {
  expect(found("const generator = await pipeline('text-generation', 'model')")).toEqual([
    ['model-load', 1],
    ['dtype-missing', 1],
  ])
  expect(found("const generator = await pipeline('text-generation', 'model', { dtype: 'q4' })")).toEqual([['model-load', 1]])
  expect(found("const model = await AutoModelForCausalLM.from_pretrained('m', { device: 'webgpu' })")).toEqual([
    ['model-load', 1],
  ])
  // A tokenizer has no weights.
  expect(found("const tokenizer = await AutoTokenizer.from_pretrained('m')")).toEqual([['model-load', 1]])
})

test('options in a variable or a spread: looked up in the file, and silent if they are not known', () => {
  const load = (before: string, options: string) =>
    found(`${before}\nconst generator = await pipeline('text-generation', 'model', ${options})`).map(([pattern]) => pattern)
  expect(load("const options = { dtype: 'q4' }", 'options')).toEqual(['model-load'])
  expect(load("const options = { dtype: 'q4' }", '{ ...options, revision: "main" }')).toEqual(['model-load'])
  expect(load("const options = { revision: 'main' }", 'options')).toEqual(['model-load', 'dtype-missing'])
  expect(load("const options = {}\noptions.dtype = 'q4'", 'options')).toEqual(['model-load'])
  expect(load('const options = {}\nObject.assign(options, more)', 'options')).toEqual(['model-load'])
  expect(load('', 'optionsOf(model)')).toEqual(['model-load'])
  expect(load('', '{ ...elsewhere }')).toEqual(['model-load'])
  expect(found("const model = await AutoModelForCausalLM.from_pretrained('m', options)")).toEqual([['model-load', 1]])
  expect(found('const generator = await pipeline(...given)')).toEqual([['model-load', 1]])
})

test('version 2 takes quantized weights if nobody says otherwise', () => {
  const head = "import { pipeline } from '@xenova/transformers'\n"
  expect(found("const generator = await pipeline('text-generation', 'model')", head)).toEqual([['model-load', 1]])
})

test('what a model is loaded into', () => {
  const variable = (text: string) =>
    readSource(`${HEAD}${text}`, 'app.mjs')!.patterns.find(({ pattern }) => pattern === 'dtype-missing')!.variable
  expect(variable("const generator = await pipeline('text-generation', 'model')")).toBe('generator')
  expect(variable("this.writer = await pipeline('text-generation', 'model')")).toBe('writer')
  expect(variable("export const open = () => pipeline('text-generation', 'model')")).toBeNull()
})

test('calls that generate, by their options or their name', () => {
  expect(found('const out = await generator(text, { max_new_tokens: 64 })')).toEqual([['generate-call', 1]])
  expect(found('const ids = await model.generate({ ...inputs, num_beams: 4 })')).toEqual([
    ['generate-call', 1],
    ['beams-set', 1],
  ])
  expect(found('const ids = await model.generate({ ...inputs, num_beams: 1 })')).toEqual([['generate-call', 1]])
  expect(found('const scores = await classify(text)')).toEqual([])
  expect(found('const out = await model.generate({ ...inputs, return_dict_in_generate: true, output_scores: true })')).toEqual([
    ['generate-call', 1],
    ['probabilities-taken', 1],
  ])
})

test('turns of a conversation without the cache of the turn before', () => {
  const turns = (options: string) => `
const messages = []
export async function chat(text) {
  messages.push({ role: 'user', content: text })
  const [{ generated_text }] = await generator(messages, { max_new_tokens: 64${options} })
  return generated_text
}`
  expect(found(turns(''))).toEqual([
    ['generate-call', 5],
    ['turns-uncached', 5],
  ])
  expect(found(turns(', past_key_values: cache'))).toEqual([['generate-call', 5]])
  const template = `
for (const text of texts) {
  messages.push({ role: 'user', content: text })
  const inputs = tokenizer.apply_chat_template(messages, { return_dict: true })
  await model.generate({ ...inputs, max_new_tokens: 8 })
}`
  expect(found(template).map(([pattern]) => pattern)).toEqual(['generate-call', 'turns-uncached'])
  expect(found(template.replace('messages.push', 'log'))).toEqual([['generate-call', 5]])
})

test('streamers, ids that are cut, batches that are padded', () => {
  expect(found('const streamer = new TextStreamer(tokenizer, { skip_prompt: true })')).toEqual([['streamer-made', 1]])
  expect(found('const ids = tokenizer.encode(text)\nreturn ids.slice(0, 512)')).toEqual([['ids-cut', 1]])
  expect(found('const ids = this.tokenizer.encode(text).slice(0, 512)')).toEqual([['ids-cut', 1]])
  expect(found('const { input_ids: ids } = await tokenizer(text)\nfeed(ids.slice(0, 512))')).toEqual([['ids-cut', 1]])
  expect(found('const ids = tokenizer.encode(text)\nfeed(ids)')).toEqual([])
  expect(found('const ids = tokenizer.encode(text.slice(0, 4096)).slice(0, 512)')).toEqual([])
  expect(found("const vectors = await extractor(texts, { pooling: 'mean', normalize: true })")).toEqual([['texts-padded', 1]])
  expect(found('const inputs = tokenizer(texts, { padding: true, truncation: true })')).toEqual([['texts-padded', 1]])
})

test('node-llama-cpp: models, contexts, prompts and probabilities', () => {
  const head = "import { getLlama, LlamaChatSession } from 'node-llama-cpp'\n"
  const text = `const llama = await getLlama()
const model = await llama.loadModel({ modelPath })
export async function answer(question) {
  const context = await model.createContext()
  const session = new LlamaChatSession({ contextSequence: context.getSequence() })
  return session.prompt(question)
}
for await (const token of sequence.evaluateWithMetadata(tokens, { probabilities: true })) use(token)`
  expect(found(text, head)).toEqual([
    ['model-load', 1],
    ['model-load', 2],
    ['context-made', 4],
    ['generate-call', 6],
    ['probabilities-taken', 8],
  ])
})

test('files that import neither are left alone', () => {
  expect(found("model.createContext()\nsession.prompt('x', { maxTokens: 3 })\nnew TextStreamer(t)", '')).toEqual([])
})
