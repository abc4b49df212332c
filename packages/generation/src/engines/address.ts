// A server over HTTP: an OpenAI-compatible one, llama-server or ollama. Its loop and its machine are its own: what is seen is when text comes, and what it
// counts. Chunks are not tokens: tokens are those that its usage or timings count.
import { jsonValue } from '@whyslow/graph/json.ts'
import { pieceOf } from '@whyslow/measure/streams/piece.ts'
import { StreamReader } from '@whyslow/measure/streams/stream-reader.ts'
import { lastMs, StreamTally, type StreamTimes, timePerTokenOf, tokenCountOf } from '@whyslow/measure/streams/stream-times.ts'
import type { CallParts, GeneratedToken, Generation, GenerationRequest, Generator, GeneratorEngine } from '../generator.ts'
import { type Answer, Requests } from './address/requests.ts'
import { addressOf, findServer, type Server } from './address/server.ts'

/** A server that sends many more chunks than tokens were asked for does not end by itself. */
const MOST_CHUNKS = (newTokens: number): number => 2 * newTokens + 16

export const address: GeneratorEngine = {
  id: 'address',
  title: 'A server over HTTP',
  opens: ({ kind }) => kind === 'address' || 'it opens addresses only; give one as in http://127.0.0.1:8080/v1',
  missing: async () => null,
  async open(source, { mostRequests }) {
    const url = addressOf(source)
    const requests = new Requests(url, mostRequests)
    try {
      return generatorOf(requests, await findServer(url, requests))
    } catch (error) {
      requests.close()
      throw error
    }
  },
}

interface Client {
  readonly requests: Requests
  readonly server: Server
  /** Fields that this server refused. */
  readonly refused: Set<string>
  /** Prompt tokens that ollama read when it saw a prompt first: fewer for the same prompt later were in its cache. */
  readonly promptTokens: Map<string, number>
}

function generatorOf(requests: Requests, server: Server): Generator {
  const client: Client = { requests, server, refused: new Set(), promptTokens: new Map() }
  const { versions, context, vocabulary, protocol, model } = server
  return {
    engine: 'address',
    versions: { ...versions, protocol: protocol.title, ...(model === null ? {} : { model }) },
    vocabulary,
    context,
    endIds: [],
    encode: null,
    decode: null,
    generate: (request, onToken) => generate(client, request, onToken),
    start: null,
    takesTexts: true,
    takesIds: protocol.takesIds,
    requests: () => requests.sent,
    async close() {
      requests.close()
    },
  }
}

interface Streamed {
  readonly tokens: readonly GeneratedToken[]
  readonly times: StreamTimes
  readonly totalMs: number
}

async function generate(
  client: Client,
  request: GenerationRequest,
  onToken?: (token: GeneratedToken) => void,
): Promise<Generation> {
  const { server, requests } = client
  if (typeof request.prompt !== 'string' && !server.protocol.takesIds)
    throw requests.problem(`${server.protocol.title} takes texts, not token ids; give the prompt as a text`)
  const { tokens, times, totalMs } = await ask(client, request, onToken)
  const { usage, ended } = times
  const count = tokenCountOf(times)
  const perToken = timePerTokenOf(times, count)
  const prompt = promptCounts(client, request, usage)
  return {
    tokens,
    ...prompt,
    generatedTokens: count?.tokens ?? null,
    ended: ended ?? (count !== null && count.tokens >= request.newTokens ? 'length' : 'end'),
    totalMs,
    parts: partsOf(times),
    ...(usage?.drafted === undefined ? {} : { drafted: usage.drafted }),
    ...(perToken === null ? {} : { timePerTokenMs: perToken, lastTokenMs: lastMs(times, count)! }),
  }
}

/** What the server's own clock says. */
function partsOf({ usage }: StreamTimes): CallParts {
  return {
    ...(usage?.loadMs == null ? {} : { loadMs: usage.loadMs }),
    ...(usage?.prefillMs == null ? {} : { prefillRunMs: usage.prefillMs }),
    ...(usage?.decodeMs == null ? {} : { decodeRunMs: usage.decodeMs }),
  }
}

const isOllama = ({ protocol }: Server): boolean => protocol.id.startsWith('ollama')

/** As the server says them. Of one that counts only what it read, what it read less of the same prompt than before was in its cache. */
function promptCounts(
  { server, promptTokens }: Client,
  { prompt }: GenerationRequest,
  usage: StreamTimes['usage'],
): Pick<Generation, 'promptTokens' | 'cachedTokens'> {
  const [read, cachedTokens] = [usage?.promptTokens ?? null, usage?.cachedTokens ?? null]
  const said = { promptTokens: read, cachedTokens }
  if (cachedTokens !== null || !isOllama(server) || typeof prompt !== 'string' || read === null) return said
  const before = promptTokens.get(prompt) ?? 0
  promptTokens.set(prompt, Math.max(read, before))
  return before <= read ? said : { promptTokens: before, cachedTokens: before - read }
}

/** Sends it, and once more without a field that the server refuses. */
async function ask(client: Client, request: GenerationRequest, onToken?: (token: GeneratedToken) => void): Promise<Streamed> {
  const { requests, server, refused } = client
  for (;;) {
    const body = bodyOf(client, request)
    const reading = readingOf(client, request, onToken)
    const answer = await requests.send({ method: 'POST', path: server.path, body, onBody: reading.onBody })
    if (answer.status >= 200 && answer.status < 300) return reading.end()
    const extra = refusedField(answer, body, client)
    if (extra === null) throw refusal(answer, client)
    refused.add(extra)
    requests.again++
  }
}

/** The newest of OpenAI's models take another name for the most tokens. */
const RENAMED = 'max_completion_tokens'

function bodyOf({ server: { protocol, model }, refused }: Client, request: GenerationRequest): Readonly<Record<string, unknown>> {
  const whole = { ...protocol.body(request, model) }
  if (refused.has('max_tokens')) whole[RENAMED] = whole.max_tokens
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !refused.has(name)))
}

/** The field to leave out of the next request; null: the answer is about something else. */
function refusedField({ status, body }: Answer, sent: Readonly<Record<string, unknown>>, { server }: Client): string | null {
  if (status !== 400 && status !== 422) return null
  if ((body ?? '').includes(RENAMED) && 'max_tokens' in sent) return 'max_tokens'
  return server.protocol.extras.find((name) => name in sent && (body ?? '').includes(name)) ?? null
}

function refusal({ status, body }: Answer, { requests, server }: Client): Error {
  const said = (errorIn(body) ?? (body ?? '').replace(/\s+/g, ' ').trim().slice(0, 160)).replace(/[.\s]+$/, '')
  const next =
    status === 401 || status === 403
      ? 'give its key as WHYSLOW_API_KEY in the environment'
      : server.model !== null && /model/i.test(said)
        ? `name the model in the address, as in ${requests.shown}#NAME`
        : 'see what the server takes'
  return requests.problem(`the server answers ${status}${said === '' ? '' : ` (${said})`}; ${next}`)
}

function errorIn(body: string | null): string | null {
  return pieceOf(jsonValue(body ?? ''))?.error ?? null
}

interface Reading {
  onBody(bytes: Buffer, headers: { readonly 'content-type'?: string | undefined }): boolean
  /** Throws InputError if what came is not a stream of text. */
  end(): Streamed
}

/** Times start when it is called. */
function readingOf(
  { requests, server }: Client,
  { newTokens }: GenerationRequest,
  onToken?: (token: GeneratedToken) => void,
): Reading {
  const startMs = performance.now()
  const now = () => performance.now() - startMs
  const [reader, tally] = [new StreamReader(), new StreamTally()]
  const tokens: GeneratedToken[] = []
  let type = ''
  const take = (pieces: ReturnType<StreamReader['add']>, atMs: number) => {
    for (const piece of pieces) {
      tally.add(piece, atMs)
      if (piece.text === '') continue
      const token = { id: piece.ids?.length === 1 ? piece.ids[0]! : null, text: piece.text, atMs }
      tokens.push(token)
      onToken?.(token)
    }
  }
  return {
    onBody(bytes, headers) {
      type = headers['content-type'] ?? type
      take(reader.add(bytes), now())
      return tokens.length <= MOST_CHUNKS(newTokens)
    },
    end() {
      const totalMs = now()
      take(reader.end(), totalMs)
      const times = tally.times()
      const model = server.model === null ? '' : ` for ${server.model}`
      if (times.error !== null)
        throw requests.problem(`the server reports an error within the stream${model} (${times.error}); see its log`)
      if (tokens.length > MOST_CHUNKS(newTokens))
        throw requests.problem(
          `the server does not stop after ${newTokens} tokens: the request was ended; see which limit it takes`,
        )
      if (/application\/json/.test(type) && !isOllama(server))
        throw requests.problem(
          'the server answers in one piece, although a stream was asked for: nothing is seen of its tokens; switch streaming on there',
        )
      if (tokens.length === 0 && times.usage === null)
        throw requests.problem(
          `the answer is not a stream of text (${type === '' ? 'without a content type' : type}); give the path of one, as in /v1/chat/completions`,
        )
      return { tokens, times, totalMs }
    },
  }
}
