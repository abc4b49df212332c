// Whether an address generates text, by its path alone: OpenAI's protocols, ollama's and llama-server's.
// https://platform.openai.com/docs/api-reference, https://github.com/ollama/ollama/blob/main/docs/api.md,
// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md

export interface GeneratorAddress {
  readonly url: string
  /** Whether the path says that text is generated there; of an address without a path only an answer does. */
  readonly saysText: boolean
}

/** Where a server of each protocol is sent requests for text. */
export const PROTOCOL_PATHS = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  responses: '/v1/responses',
  'llama-server': '/completion',
  ollama: '/api/generate',
  'ollama-chat': '/api/chat',
} as const

export type ProtocolId = keyof typeof PROTOCOL_PATHS

/** The protocol that a path names, with /v1 or without; null: it names none, as a server's own address does. */
export function protocolIdAt(path: string): ProtocolId | null {
  const whole = path.replace(/\/+$/, '')
  const ids = Object.keys(PROTOCOL_PATHS) as ProtocolId[]
  return ids.find((id) => whole.endsWith(PROTOCOL_PATHS[id].replace(/^\/v1/, ''))) ?? null
}

/** The beginning of a server's paths, which names no protocol. */
const ROOTS = /\/(v1|api)\/?$/

/** null: no address, or one of something else, as /v2/models/NAME/infer of the Open Inference Protocol. */
export function generatorAddress(source: string): GeneratorAddress | null {
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source)) return null
  const { pathname } = new URL(source)
  const saysText = protocolIdAt(pathname) !== null || ROOTS.test(pathname)
  return saysText || pathname === '/' ? { url: source, saysText } : null
}
