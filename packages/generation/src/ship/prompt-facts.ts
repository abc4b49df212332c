// How texts and messages become prompts, as the files next to the model say: tokenizer_config.json and chat_template.jinja of transformers, the
// beginning that tokenizer.json puts before each text, the metadata of a GGUF file (github.com/ggml-org/ggml/blob/master/docs/gguf.md).

import fs from 'node:fs'
import path from 'node:path'
import type { JsonObject } from '@whyslow/graph/json.ts'
import { constraintsOf } from '../recognize/beginning.ts'
import { openGguf } from '../recognize/gguf-file.ts'
import { readJson } from '../recognize/json.ts'
import type { PromptFacts, RecommendedSampling } from './folder/folder-options.ts'

/** `source`: a file, or a folder. */
export function promptFactsOf(source: string): PromptFacts {
  if (/\.gguf$/i.test(source)) return ofGguf(source)
  const folder = fs.statSync(source).isDirectory() ? source : tokenizerFolder(path.dirname(source))
  const config = readJson(path.join(folder, 'tokenizer_config.json')) ?? {}
  const specialTokens = specialTokensOf(config)
  const file = path.join(folder, 'chat_template.jinja')
  return {
    beginning: beginningOf(config, readJson(path.join(folder, 'tokenizer.json'))) ?? null,
    chatTemplate: fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : templateOf(config.chat_template),
    specialTokens,
    ...recommendedIn(readJson(path.join(folder, 'generation_config.json')) ?? {}),
  }
}

/** How transformers chooses tokens unless the caller says otherwise, by generation_config.json. */
function recommendedIn(config: JsonObject): Pick<PromptFacts, 'recommended'> {
  const number = (key: string, isRight: (value: number) => boolean): number | undefined => {
    const value = config[key]
    return typeof value === 'number' && isRight(value) ? value : undefined
  }
  const isShare = (value: number): boolean => value > 0 && value < 1
  const repetitionPenalty = number('repetition_penalty', (value) => value > 0 && value !== 1)
  const drawn = {
    temperature: number('temperature', (value) => value > 0),
    topK: number('top_k', (value) => Number.isInteger(value) && value >= 1),
    topP: number('top_p', isShare),
    minP: number('min_p', isShare),
  }
  // A chat's prompt is longer than any `min_length` means.
  const { noRepeatNgram: noRepeatNgramSize, minNewTokens } = constraintsOf(
    (name) => (name === 'min_length' ? 0 : config[name]),
    0,
  )
  const all = { ...(config.do_sample === true ? drawn : {}), repetitionPenalty, noRepeatNgramSize, minNewTokens }
  const said: RecommendedSampling = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return Object.keys(said).length === 0 ? {} : { recommended: said }
}

/** The model may be in `onnx/` below it. */
const tokenizerFolder = (folder: string): string =>
  path.basename(folder) === 'onnx' && !fs.existsSync(path.join(folder, 'tokenizer.json')) ? path.dirname(folder) : folder

function specialTokensOf(config: JsonObject): Readonly<Record<string, string>> {
  const entries = Object.entries(config).flatMap(([name, value]) => {
    const text = name.endsWith('_token') ? textOf(value) : undefined
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(entries)
}

/** A token is its text, or an object with it. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const { content } = (value ?? {}) as { readonly content?: unknown }
  return typeof content === 'string' ? content : undefined
}

/** The template, or of several the one named default. */
function templateOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return null
  const found = (value as readonly JsonObject[]).find(({ name }) => name === 'default') ?? value[0]
  return typeof found?.template === 'string' ? found.template : null
}

/** What is put before each text: as the configuration says, else the first special token of the tokenizer's template of one text. */
function beginningOf(config: JsonObject, tokenizer: JsonObject | null): string | undefined {
  if (config.add_bos_token === false) return undefined
  if (config.add_bos_token === true) return textOf(config.bos_token)
  const processor = tokenizer?.post_processor as { type?: unknown; processors?: unknown; single?: unknown } | null | undefined
  const all = Array.isArray(processor?.processors) ? (processor.processors as (typeof processor)[]) : [processor]
  const single = all.find((one) => one?.type === 'TemplateProcessing')?.single
  const first = Array.isArray(single) ? (single[0] as { SpecialToken?: { id?: unknown } } | undefined) : undefined
  return typeof first?.SpecialToken?.id === 'string' ? first.SpecialToken.id : undefined
}

function ofGguf(file: string): PromptFacts {
  const { metadata } = openGguf(file)
  const tokens = metadata.get('tokenizer.ggml.tokens') as ArrayLike<string> | undefined
  const token = (name: string): string | undefined => {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`)
    return id === undefined || tokens === undefined ? undefined : tokens[Number(id)]
  }
  const named = ['bos', 'eos', 'unknown', 'padding'].flatMap((name) => {
    const text = token(name)
    const key = { unknown: 'unk', padding: 'pad' }[name] ?? name
    return text === undefined ? [] : [[`${key}_token`, text] as const]
  })
  const template = metadata.get('tokenizer.chat_template')
  // llama.cpp adds a beginning to texts of SentencePiece tokenizers if the file does not say.
  const adds = metadata.get('tokenizer.ggml.add_bos_token') ?? metadata.get('tokenizer.ggml.model') === 'llama'
  return {
    beginning: (adds === true ? token('bos') : undefined) ?? null,
    chatTemplate: typeof template === 'string' ? template : null,
    specialTokens: Object.fromEntries(named),
  }
}
