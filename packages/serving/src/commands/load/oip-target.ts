// A model on a server that speaks the Open Inference Protocol v2 over HTTP: what it takes is read of its metadata, requests are made of
// the user's data or of synthetic inputs that the server was seen to answer.

import { InputError } from '@whyslow/graph/input-error.ts'
import { fieldsOf, jsonValue, parseJson } from '@whyslow/graph/json.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { type HttpProbe, probe } from '../../load/http/probe.ts'
import { encodeRequest, type HttpTarget } from '../../load/http/target.ts'
import { type ModelStatistics, readStatistics } from '../../load/statistics.ts'
import { encodeInferRequest } from '../../serve/infer-request.ts'
import { dtypeOf, RequestError } from '../../serve/protocol.ts'
import { CANNOT_PREDICT } from '../../serve/workers.ts'
import type { KnownModel } from '../serve/known-model.ts'
import { contactHost, type HttpContact, headerOf, isRefusal, urlOf } from './http-target.ts'
import { FOREIGN_SERVER, type OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import { chooseSamples, tensorsOf } from './samples.ts'
import { readServerStatistics } from './server-statistics.ts'

/** Throws InputError if the address names no model, the server does not speak the protocol, or no request is answered. */
export async function openOipTarget(address: string, options: LoadOptions, known: KnownModel | null): Promise<OpenedTarget> {
  const url = modelUrl(address)
  const server: OipServer = { url, headers: options.headers.map(headerOf), timeoutMs: options.timeoutSeconds * 1000 }
  const inputs = known?.graph.inputs ?? readDeclarations(await getJson(server, url, `${address}: `), address)
  const extensions = await extensionsOf(server)
  const binary = extensions.includes(BINARY)
  const graph = known?.graph ?? { name: '', nodes: [], inputs, outputs: [], constants: {}, types: {} }
  const chosen = await chooseSamples({ graph, known, options }, async (feeds) => {
    const { first } = await ask(server, feeds, binary)
    return first.status >= 200 && first.status < 300 ? { ok: true } : { ok: false, message: messageOf(first) }
  })
  const requests = chosen.samples.map((feeds) => bytesOf(server, feeds, binary))
  const { target, first, shown } = await contactHost({ url: inferUrl(url), method: 'POST', requests }, server.timeoutMs)
  if (isRefusal(first.status)) throw new InputError(`${shown}: the server answers ${first.status} (${messageOf(first)})`)
  return {
    target,
    described: {
      kind: 'http',
      name: shown,
      protocol: 'oip',
      method: 'POST',
      bodyBytes: Math.max(...chosen.samples.map((feeds) => encodeInferRequest(feeds, binary).body.length)),
      bodies: requests.length,
      first: { latencyMs: first.latencyMs, status: first.status },
      inputs: { source: options.data === null ? 'synthetic' : 'data', tensors: tensorsOf(chosen.samples[0]!), binary },
    },
    ...FOREIGN_SERVER,
    ...(extensions.includes('statistics') ? await readServerStatistics((ms) => statisticsOf(server, target, ms)) : {}),
    warnings: chosen.warnings,
  }
}

export interface OipServer {
  /** Address of the model: …/v2/models/NAME, or with …/versions/V after it. */
  readonly url: URL
  readonly headers: readonly (readonly [string, string])[]
  readonly timeoutMs: number
}

/** The model's own address, without what may follow. */
function modelUrl(address: string): URL {
  const url = urlOf(address)
  const found = /^(.*\/v2\/models\/[^/]+(?:\/versions\/[^/]+)?)(?:\/(?:infer|ready)?)?$/.exec(url.pathname)
  if (found === null) throw new InputError(`${address}: names no model; give its address, as in ${url.origin}/v2/models/NAME`)
  url.pathname = found[1]!
  url.search = ''
  return url
}

function inferUrl(url: URL): URL {
  const infer = new URL(url)
  infer.pathname += '/infer'
  return infer
}

const sizesIn = (shape: unknown): number[] | null =>
  Array.isArray(shape) && shape.every((size) => Number.isInteger(Number(size))) ? shape.map(Number) : null

/** Metadata as https://github.com/kserve/open-inference-protocol has them; a size that is free is -1. */
export function readDeclarations(metadata: unknown, address: string): ValueDeclaration[] {
  const { inputs } = (metadata ?? {}) as { readonly inputs?: unknown }
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw new InputError(`${address}: its metadata name no inputs; give requests with --body and leave out --protocol`)
  return inputs.map(({ name, datatype, shape }: Readonly<Record<string, unknown>>) => {
    const sizes = sizesIn(shape)?.map((size) => (size < 0 ? null : size)) ?? null
    try {
      return { name: String(name), kind: 'tensor', dtype: dtypeOf(datatype), shape: sizes }
    } catch (error) {
      throw new InputError(`${address}: its metadata: input '${String(name)}': ${(error as Error).message}`)
    }
  })
}

async function getJson({ headers, timeoutMs }: OipServer, url: URL, where: string): Promise<unknown> {
  const requests = [encodeRequest({ url, method: 'GET', headers, body: null })]
  const { first } = await contactHost({ url, method: 'GET', requests }, timeoutMs)
  if (first.status < 200 || first.status > 299)
    throw new InputError(
      `${where}the server answers ${first.status} to its metadata (${messageOf(first)}); give the address of a model that it has`,
    )
  return parseJson(
    first.body.toString('utf8'),
    () => new InputError(`${where}its metadata is not JSON: the server does not speak the Open Inference Protocol v2`),
  )
}

/** What a server can do beyond the protocol's least; one that does not say, nothing. */
async function extensionsOf(server: OipServer): Promise<readonly unknown[]> {
  const url = new URL(server.url)
  url.pathname = url.pathname.replace(/\/models\/.*$/, '')
  try {
    const { extensions } = (await getJson(server, url, '')) as { readonly extensions?: unknown }
    return Array.isArray(extensions) ? extensions : []
  } catch {
    return []
  }
}

const BINARY = 'binary_tensor_data'

/** A server that does not say is sent JSON, which all take. */
export const hasBinary = async (server: OipServer): Promise<boolean> => (await extensionsOf(server)).includes(BINARY)

/** Statistics of the measured server; null: it has the extension and does not report them (Triton can be built without). */
async function statisticsOf({ url, headers }: OipServer, target: HttpTarget, timeoutMs: number): Promise<ModelStatistics | null> {
  const stats = new URL(url)
  stats.pathname += '/stats'
  const requests = [encodeRequest({ url: stats, method: 'GET', headers, body: null })]
  const { status, body } = await probe({ ...target, method: 'GET', requests }, stats.href, timeoutMs)
  return status === 200 ? readStatistics(JSON.parse(body.toString('utf8'))) : null
}

const ask = (server: OipServer, feeds: Feeds, binary: boolean): Promise<HttpContact> =>
  contactHost({ url: inferUrl(server.url), method: 'POST', requests: [bytesOf(server, feeds, binary)] }, server.timeoutMs)

/** Throws InputError if the protocol has no form of a tensor. */
function bytesOf({ url, headers }: OipServer, feeds: Feeds, binary: boolean): Uint8Array {
  try {
    const { body, headers: own } = encodeInferRequest(feeds, binary)
    return encodeRequest({ url: inferUrl(url), method: 'POST', headers: [...own, ...headers], body })
  } catch (error) {
    if (error instanceof RequestError) throw new InputError(`${url.href}: ${error.message}`)
    throw error
  }
}

/** The engine's words where a server of this program says them. */
function messageOf({ body, status }: HttpProbe): string {
  const text = body.toString('utf8')
  const { error } = fieldsOf(jsonValue(text))
  if (typeof error === 'string') return error.startsWith(CANNOT_PREDICT) ? error.slice(CANNOT_PREDICT.length) : error
  return text.replace(/\s+/g, ' ').trim().slice(0, 160) || `status ${status}`
}
