// Which server answers at an address, and with which model: the path says it, or the server's own list of models. At most three requests.

import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject, jsonValue } from '@whyslow/graph/json.ts'
import { type Protocol, protocolAt, protocolOf } from './protocols.ts'
import type { Answer, Requests } from './requests.ts'

export interface Server {
  readonly protocol: Protocol
  /** Where requests for text go. */
  readonly path: string
  /** null: the protocol names none. */
  readonly model: string | null
  readonly context: number | null
  readonly vocabulary: number | null
  readonly versions: Readonly<Record<string, string>>
}

/** Requests that finding the server may take. */
const MOST_PROBES = 3

/** How many it takes at most for this address. */
export const probesOf = (url: URL): number => {
  const protocol = protocolAt(url.pathname)
  return protocol !== null && isKnown(protocol, nameOf(url)) ? 0 : MOST_PROBES
}

const nameOf = ({ hash }: URL): string | null => (hash === '' ? null : decodeURIComponent(hash.slice(1)))

/** Nothing is left to find out. */
const isKnown = ({ names }: Protocol, model: string | null): boolean => model !== null || !names

/** Throws InputError if it is not an address. */
export function addressOf(source: string): URL {
  try {
    const url = new URL(source)
    if (/^https?:$/.test(url.protocol)) return url
  } catch {
    // Said below.
  }
  throw new InputError(`${source}: not an address; give one as in http://127.0.0.1:8080/v1`)
}

interface Listed {
  readonly id: string
  readonly ownedBy: string
  readonly context: number | null
  readonly vocabulary: number | null
}

/** `url`: its fragment names the model, as in http://127.0.0.1:11434#llama3.2. Throws InputError if no server of a known kind answers there. */
export async function findServer(url: URL, requests: Requests): Promise<Server> {
  const named = nameOf(url)
  const path = url.pathname.replace(/\/+$/, '')
  const given = protocolAt(path)
  const direct = { path: `${path}${url.search}`, model: named, context: null, vocabulary: null, versions: {} }
  if (given !== null && isKnown(given, named)) return { protocol: given, ...direct }
  const base =
    given === null ? path.replace(/\/(v1|api)$/, '') : path.slice(0, -given.path.replace(/^\/v1/, '').length).replace(/\/v1$/, '')
  const { models, versions, isOllama, isLlamaServer } = await listModels(base, requests)
  const kind =
    isLlamaServer || isOf(models, 'llamacpp') ? 'llama-server' : isOllama || isOf(models, 'library') ? 'ollama' : 'chat'
  const protocol = given ?? protocolOf(kind)
  const at = given === null ? `${base}${protocol.path}${url.search}` : direct.path
  const model = protocol.names ? modelOf(models, named, requests) : named
  const { context = null, vocabulary = null } = models.find(({ id }) => id === model) ?? models[0] ?? {}
  return { protocol, path: at, model, context, vocabulary, versions }
}

const isOf = (models: readonly Listed[], owner: string): boolean =>
  models.length > 0 && models.every((one) => one.ownedBy === owner)

/** The named one, or the only one. */
function modelOf(models: readonly Listed[], named: string | null, requests: Requests): string {
  const names = models.map(({ id }) => id)
  const shown = `${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}`
  const example = `${requests.shown}#${encodeURIComponent(names[0] ?? 'NAME')}`
  if (named !== null) {
    if (names.length === 0 || names.includes(named)) return named
    throw requests.problem(`the server has no model ${named}; it has ${shown}: name one, as in ${example}`)
  }
  if (names.length === 1) return names[0]!
  if (names.length === 0) throw requests.problem(`the server lists no model; load one, or name it as in ${example}`)
  throw requests.problem(`the server has several models (${shown}); name one, as in ${example}`)
}

interface Models {
  readonly models: readonly Listed[]
  readonly versions: Readonly<Record<string, string>>
  readonly isOllama: boolean
  readonly isLlamaServer: boolean
}

/** OpenAI's list of models, which nearly all have; then ollama's, then llama-server's properties. */
async function listModels(base: string, requests: Requests): Promise<Models> {
  const openAi = await requests.send({ method: 'GET', path: `${base}/v1/models` })
  const versions = versionsOf(openAi)
  const none = { models: [], versions, isOllama: false, isLlamaServer: false }
  refuseKey(openAi, requests)
  const listed = jsonOf(openAi)?.data
  if (Array.isArray(listed)) return { ...none, models: listed.flatMap(openAiModel) }
  const tags = jsonOf(await requests.send({ method: 'GET', path: `${base}/api/tags` }))?.models
  if (Array.isArray(tags)) {
    const models = tags.flatMap(({ name }) => (typeof name === 'string' ? [{ ...UNKNOWN, id: name }] : []))
    return { ...none, models, isOllama: true }
  }
  const props = jsonOf(await requests.send({ method: 'GET', path: `${base}/props` }))
  const context = (props?.default_generation_settings as { n_ctx?: unknown } | undefined)?.n_ctx
  if (props !== null && props !== undefined && context !== undefined)
    return { ...none, models: [{ ...UNKNOWN, id: '', context: numberOf(context) }], isLlamaServer: true }
  throw requests.problem(
    "no server that generates text answers there: it speaks none of OpenAI's protocol, llama-server's and ollama's; give the path, as in /v1/chat/completions",
  )
}

const UNKNOWN = { ownedBy: '', context: null, vocabulary: null }

const numberOf = (value: unknown): number | null => (typeof value === 'number' && value > 0 ? value : null)

/** vLLM tells `max_model_len`, llama-server `meta`. */
function openAiModel(model: Readonly<Record<string, unknown>>): Listed[] {
  const { id, owned_by: owner, max_model_len: longest } = model
  const meta = (model.meta ?? {}) as Readonly<Record<string, unknown>>
  if (typeof id !== 'string') return []
  const context = numberOf(longest) ?? numberOf(meta.n_ctx) ?? numberOf(meta.n_ctx_train)
  return [{ id, ownedBy: String(owner ?? ''), context, vocabulary: numberOf(meta.n_vocab) }]
}

function refuseKey({ status }: Answer, requests: Requests): void {
  if (status === 401 || status === 403)
    throw requests.problem(`the server answers ${status}: it wants a key; give it as WHYSLOW_API_KEY in the environment`)
}

function versionsOf({ headers }: Answer): Readonly<Record<string, string>> {
  const server = headers.server
  return typeof server === 'string' && server !== '' ? { server } : {}
}

function jsonOf({ status, body }: Answer): Readonly<Record<string, unknown>> | null {
  if (status < 200 || status >= 300 || body === null) return null
  const read = jsonValue(body)
  return isObject(read) ? read : null
}
