// Whether an address generates text, by its path alone: OpenAI's protocols, ollama's and llama-server's.
// https://platform.openai.com/docs/api-reference, https://github.com/ollama/ollama/blob/main/docs/api.md,
// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md

export interface GeneratorAddress {
  readonly url: string
  /** Whether the path says that text is generated there; of an address without a path only an answer does. */
  readonly saysText: boolean
}

const TEXT = /\/(v1|api|api\/(chat|generate)|(chat\/)?completions|completion|responses)\/?$/

/** null: no address, or one of something else, as /v2/models/NAME/infer of the Open Inference Protocol. */
export function generatorAddress(source: string): GeneratorAddress | null {
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source)) return null
  const { pathname } = new URL(source)
  const saysText = TEXT.test(pathname)
  return saysText || pathname === '/' ? { url: source, saysText } : null
}
