// What a request for text looks like in each protocol: OpenAI's chat, completions and responses, llama-server's own /completion, ollama's own
// /api/generate.
import type { GenerationRequest } from '../../generator.ts'
import { PROTOCOL_PATHS, type ProtocolId, protocolIdAt } from '../../recognize/address.ts'

export interface Protocol {
  readonly id: ProtocolId
  readonly title: string
  readonly path: string
  /** Whether it takes token ids in place of a text. */
  readonly takesIds: boolean
  /** Whether it needs the name of a model. */
  readonly names: boolean
  readonly body: (request: GenerationRequest, model: string | null) => Readonly<Record<string, unknown>>
  /** Fields that servers of this protocol may refuse, and that the request makes sense without, in the order in which they are left out. */
  readonly extras: readonly string[]
}

/** Greedy is temperature 0 everywhere. */
const samplingOf = ({ sampling }: GenerationRequest) => {
  if (sampling.kind === 'greedy') return { temperature: 0 }
  const { temperature, topK, topP, seed } = sampling
  return { temperature, seed, ...(topP === null ? {} : { top_p: topP }), ...(topK === null ? {} : { top_k: topK }) }
}

/** What all of OpenAI's protocols take. */
const openAiFields = (request: GenerationRequest, model: string | null) => ({
  ...(model === null ? {} : { model }),
  stream: true,
  ...samplingOf(request),
  ...(request.stop.length === 0 ? {} : { stop: request.stop }),
  ...(request.ignoreEnd ? { ignore_eos: true } : {}),
  ...draftsOf(request),
})

const openAi = (request: GenerationRequest, model: string | null) => ({
  ...openAiFields(request, model),
  max_tokens: request.newTokens,
  stream_options: { include_usage: true },
})

const ollama = (request: GenerationRequest, model: string | null) => ({
  model,
  stream: true,
  options: {
    num_predict: request.newTokens,
    ...samplingOf(request),
    ...(request.stop.length === 0 ? {} : { stop: request.stop }),
  },
})

/** llama-server drafts none for a request that says so; others leave the field out or refuse it. */
const draftsOf = ({ drafts }: GenerationRequest) => (drafts === false ? { [NO_DRAFTS]: 0 } : {})
const NO_DRAFTS = 'speculative.n_max'

/** vLLM, SGLang and llama-server take `ignore_eos` and `top_k`; older servers do not know `stream_options`. */
const EXTRAS = ['ignore_eos', 'top_k', 'stream_options', 'seed', NO_DRAFTS]

const protocols: readonly Protocol[] = [
  {
    id: 'chat',
    title: "OpenAI's chat completions",
    path: PROTOCOL_PATHS.chat,
    takesIds: false,
    names: true,
    body: (request, model) => ({ ...openAi(request, model), messages: [{ role: 'user', content: request.prompt }] }),
    extras: EXTRAS,
  },
  {
    id: 'completions',
    title: "OpenAI's completions",
    path: PROTOCOL_PATHS.completions,
    takesIds: true,
    names: true,
    body: (request, model) => ({ ...openAi(request, model), prompt: request.prompt }),
    extras: EXTRAS,
  },
  {
    id: 'responses',
    title: "OpenAI's responses",
    path: PROTOCOL_PATHS.responses,
    takesIds: false,
    names: true,
    // Servers keep answers for a next turn unless they are told not to.
    body: (request, model) => ({
      ...openAiFields(request, model),
      max_output_tokens: request.newTokens,
      store: false,
      input: request.prompt,
    }),
    extras: [...EXTRAS, 'store'],
  },
  {
    id: 'llama-server',
    title: "llama-server's /completion",
    path: PROTOCOL_PATHS['llama-server'],
    takesIds: true,
    names: false,
    body: (request) => ({
      prompt: request.prompt,
      n_predict: request.newTokens,
      stream: true,
      return_tokens: true,
      ...samplingOf(request),
      ...(request.stop.length === 0 ? {} : { stop: request.stop }),
      ...(request.ignoreEnd ? { ignore_eos: true } : {}),
      ...draftsOf(request),
    }),
    extras: ['return_tokens'],
  },
  {
    id: 'ollama',
    title: "ollama's /api/generate",
    path: PROTOCOL_PATHS.ollama,
    takesIds: false,
    names: true,
    // The prompt is the user's own, chat template included.
    body: (request, model) => ({ ...ollama(request, model), prompt: request.prompt, raw: true }),
    extras: [],
  },
  {
    id: 'ollama-chat',
    title: "ollama's /api/chat",
    path: PROTOCOL_PATHS['ollama-chat'],
    takesIds: false,
    names: true,
    body: (request, model) => ({ ...ollama(request, model), messages: [{ role: 'user', content: request.prompt }] }),
    extras: [],
  },
]

export const protocolOf = (id: ProtocolId): Protocol => protocols.find((one) => one.id === id)!

/** The protocol that a path names; null: it names none, as a server's own address does. */
export function protocolAt(path: string): Protocol | null {
  const id = protocolIdAt(path)
  return id === null ? null : protocolOf(id)
}
