// Which protocol an address speaks, by its path alone; what an address without a path is, only an answer tells.
// https://platform.openai.com/docs/api-reference/chat, https://github.com/ollama/ollama/blob/main/docs/api.md,
// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md

export interface GeneratorAddress {
  readonly url: string
  /** null: the path does not say. */
  readonly api: 'openai-chat' | 'openai-completions' | 'ollama-chat' | 'ollama-generate' | 'llama-server' | null
}

const PATHS: readonly (readonly [RegExp, NonNullable<GeneratorAddress['api']>])[] = [
  [/\/chat\/completions\/?$/, 'openai-chat'],
  [/\/v1\/completions\/?$/, 'openai-completions'],
  [/\/v1\/?$/, 'openai-chat'],
  [/\/api\/chat\/?$/, 'ollama-chat'],
  [/\/api\/generate\/?$/, 'ollama-generate'],
  [/\/api\/?$/, 'ollama-generate'],
  [/\/completions?\/?$/, 'llama-server'],
]

/** null: no address, or one of something else, as /v2/models/NAME/infer of the Open Inference Protocol. */
export function generatorAddress(source: string): GeneratorAddress | null {
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source)) return null
  const { pathname } = new URL(source)
  const api = PATHS.find(([pattern]) => pattern.test(pathname))?.[1] ?? null
  return api === null && pathname !== '/' ? null : { url: source, api }
}
