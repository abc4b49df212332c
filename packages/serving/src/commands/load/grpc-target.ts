// A model on a server that speaks the Open Inference Protocol v2 over gRPC. What it takes is read of its metadata, as over HTTP.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { askOnce, type GrpcAnswer } from '../../load/grpc/ask-once.ts'
import { readStatisticsMessage } from '../../load/grpc/statistics.ts'
import type { GrpcTarget } from '../../load/grpc/target.ts'
import { addressesOf } from '../../load/http/probe.ts'
import type { ModelStatistics } from '../../load/statistics.ts'
import { type AskedModel, readDeclaredInputs, writeInferRequest, writeModelName } from '../../serve/grpc/client-messages.ts'
import { RequestError } from '../../serve/protocol.ts'
import { CANNOT_PREDICT } from '../../serve/workers.ts'
import { headerOf, isRefusal, urlOf } from './http-target.ts'
import { readDeclarations } from './oip-target.ts'
import { FOREIGN_SERVER, type OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import { chooseSamples, tensorsOf } from './samples.ts'
import { readServerStatistics } from './server-statistics.ts'

export const isGrpc = (address: string): boolean => /^grpcs?:\/\//i.test(address)

/** What a gRPC server without TLS listens to if nobody says. */
const PORT = 8001
const SERVICE = '/inference.GRPCInferenceService'

type Place = Omit<GrpcTarget, 'path' | 'requests'>

interface Server {
  readonly shown: string
  readonly model: AskedModel
  readonly place: Omit<Place, 'address'>
  readonly timeoutMs: number
}

/** Throws InputError if the address names no model, the server does not speak the protocol, or no request is answered. */
export async function openGrpcTarget(address: string, options: LoadOptions): Promise<OpenedTarget> {
  const { server, url } = serverOf(address, options)
  const { shown, model } = server
  const { place, called } = await meet(server, await addressesOf(url))
  if (called.status !== 200)
    throw new InputError(
      `${shown}: the server answers ${called.status} to its metadata (${called.message}); give the address of a model that it has`,
    )
  const inputs = readDeclarations({ inputs: readDeclaredInputs(called.body) }, shown)
  const graph = { name: '', nodes: [], inputs, outputs: [], constants: {}, types: {} }
  const targetOf = (...samples: readonly Feeds[]): GrpcTarget => ({
    ...place,
    path: `${SERVICE}/ModelInfer`,
    requests: samples.map((feeds) => messageOf(model, feeds, shown)),
  })
  const chosen = await chooseSamples({ graph, known: null, options }, async (feeds) => {
    const { status, message } = await askOnce(targetOf(feeds), shown, server.timeoutMs)
    return status === 200 ? { ok: true } : { ok: false, message: message.replace(CANNOT_PREDICT, '') }
  })
  const target = targetOf(...chosen.samples)
  const first = await askOnce(target, shown, server.timeoutMs)
  if (isRefusal(first.status)) throw new InputError(`${shown}: the server answers ${first.status} (${first.message})`)
  return {
    target,
    described: {
      kind: 'http',
      name: shown,
      protocol: 'oip',
      transport: 'grpc',
      method: null,
      bodyBytes: Math.max(...target.requests.map(({ length }) => length)),
      bodies: target.requests.length,
      first: { latencyMs: first.latencyMs, status: first.status },
      inputs: { source: options.data === null ? 'synthetic' : 'data', tensors: tensorsOf(chosen.samples[0]!), binary: true },
    },
    ...FOREIGN_SERVER,
    ...(await readServerStatistics((ms) => statisticsOf(place, server, ms))),
    warnings: chosen.warnings,
  }
}

/** grpc://host:8001/NAME, or the path that HTTP has: /v2/models/NAME/versions/V. */
function serverOf(address: string, { headers, timeoutSeconds }: LoadOptions): { server: Server; url: URL } {
  const url = urlOf(address.replace(/^grpc(s?):/i, 'http$1:'))
  const found = /^\/(?:v2\/models\/)?([^/]+)(?:\/versions\/([^/]+))?\/?$/.exec(url.pathname)
  const secure = url.protocol === 'https:'
  const port = Number(url.port) || (secure ? 443 : PORT)
  const shown = `grpc${secure ? 's' : ''}://${url.hostname}:${port}${url.pathname}`
  if (found === null) throw new InputError(`${address}: names no model; give its address, as in grpc://${url.host}/NAME`)
  const metadata = headers.map(headerOf).map(([name, value]): [string, string] => [name.toLowerCase(), value])
  const place = { kind: 'grpc' as const, secure, hostname: url.hostname, port, metadata }
  const model = { name: decodeURIComponent(found[1]!), version: decodeURIComponent(found[2] ?? '') }
  return { server: { shown, model, place, timeoutMs: timeoutSeconds * 1000 }, url }
}

/** The first address that answers, and what it says of the model. */
async function meet(
  { place, model, shown, timeoutMs }: Server,
  addresses: readonly string[],
): Promise<{ place: Place; called: GrpcAnswer }> {
  let refused: unknown
  for (const address of addresses) {
    const target = { ...place, address, path: `${SERVICE}/ModelMetadata`, requests: [writeModelName(model)] }
    try {
      return { place: { ...place, address }, called: await askOnce(target, shown, timeoutMs) }
    } catch (error) {
      refused ??= error
    }
  }
  throw refused
}

/** null: the server keeps none, or does not tell them. */
async function statisticsOf(place: Place, { shown, model }: Server, timeoutMs: number): Promise<ModelStatistics | null> {
  const target = { ...place, path: `${SERVICE}/ModelStatistics`, requests: [writeModelName(model)] }
  const { status, body } = await askOnce(target, shown, timeoutMs)
  return status === 200 ? readStatisticsMessage(body) : null
}

/** Throws InputError if the protocol has no name for a tensor. */
function messageOf(model: AskedModel, feeds: Feeds, shown: string): Uint8Array {
  try {
    return writeInferRequest(model, feeds)
  } catch (error) {
    if (error instanceof RequestError) throw new InputError(`${shown}: ${error.message}`)
    throw error
  }
}
