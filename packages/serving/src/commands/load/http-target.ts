// An address, and what is to be sent there, as the generator takes them: looked up, asked once.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'
import { addressesOf, type HttpProbe, probe } from '../../load/http/probe.ts'
import { encodeRequest, type HttpTarget } from '../../load/http/target.ts'
import { FOREIGN_SERVER, type OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import { asksForStream, isStream } from './stream-answers.ts'

export const isAddress = (text: string): boolean => /^(https?|grpcs?):\/\//i.test(text)

/** Throws InputError if the address, the bodies or the headers cannot be used, or if nothing answers. */
export async function openHttpTarget(address: string, options: LoadOptions): Promise<OpenedTarget> {
  const url = urlOf(address)
  const bodies = options.bodies.map(bodyOf)
  const headers = options.headers.map(headerOf)
  const method = (options.method ?? (bodies.length > 0 ? 'POST' : 'GET')).toUpperCase()
  if (!/^[A-Z]{1,20}$/.test(method)) throw new InputError(`--http-method ${options.method}: no HTTP method; give POST or GET`)
  const requests = (bodies.length > 0 ? bodies : [null]).map((body) => encodeRequest({ url, method, headers, body }))
  const { target, first, shown } = await contactHost({ url, method, requests }, options.timeoutSeconds * 1000)
  if (isRefusal(first.status)) throw refusal(shown, first)
  const streams = isStream(first.body)
  if (options.goodput !== null && !streams)
    throw new InputError(
      `--goodput: ${shown} answers in one piece, not in a stream; ask for one in the body ("stream": true), or leave it out`,
    )
  const bodyBytes = bodies.length > 0 ? Math.max(...bodies.map(({ length }) => length)) : null
  return {
    target: streams ? { ...target, streams } : target,
    described: {
      kind: 'http',
      name: shown,
      protocol: 'http',
      method,
      bodyBytes,
      bodies: bodyBytes === null ? null : requests.length,
      first: { latencyMs: first.latencyMs, status: first.status },
      inputs: null,
    },
    ...FOREIGN_SERVER,
    warnings: streams || !bodies.some(asksForStream) ? [] : [NO_STREAM],
  }
}

const NO_STREAM = 'the body asks for a stream, and the server answers in one piece: nothing is seen of its tokens'

/** A request that is not understood, and not one that came at a bad time. */
export const isRefusal = (status: number): boolean => status >= 400 && status < 500 && ![408, 425, 429].includes(status)

export interface HttpContact {
  readonly target: HttpTarget
  readonly first: HttpProbe
  /** The address as it may be shown. */
  readonly shown: string
}

/** Sends the first of the requests to the addresses of the host until one answers. Throws InputError if none does. */
export async function contactHost(
  { url, method, requests }: { readonly url: URL; readonly method: string; readonly requests: readonly Uint8Array[] },
  timeoutMs: number,
): Promise<HttpContact> {
  const secure = url.protocol === 'https:'
  const port = Number(url.port) || (secure ? 443 : 80)
  const shown = shownUrl(url)
  const base = { kind: 'http' as const, secure, hostname: url.hostname, port, method, requests }
  return { shown, ...(await firstThatAnswers(base, await addressesOf(url), { shown, timeoutMs })) }
}

/** 4xx says that the request is not what the server takes: there is nothing to measure. */
function refusal(shown: string, { status, body }: HttpProbe): InputError {
  const said = body.toString('utf8').replace(/\s+/g, ' ').trim().slice(0, 160)
  const next = 'see what it takes, and give it with --body, --header or --http-method'
  return new InputError(`${shown}: the server answers ${status}${said === '' ? '' : ` (${said})`} to the request; ${next}`)
}

async function firstThatAnswers(
  base: Omit<HttpTarget, 'address'>,
  addresses: readonly string[],
  { shown, timeoutMs }: { readonly shown: string; readonly timeoutMs: number },
): Promise<{ target: HttpTarget; first: HttpProbe }> {
  let refused: unknown
  for (const address of addresses) {
    const target = { ...base, address }
    try {
      return { target, first: await probe(target, shown, timeoutMs) }
    } catch (error) {
      refused ??= error
    }
  }
  throw refused
}

/** Throws InputError if it is none. */
export function urlOf(address: string): URL {
  try {
    return new URL(address)
  } catch {
    throw new InputError(`${address}: no address; give one as in http://127.0.0.1:8080/predict`)
  }
}

/** The address without a password. */
function shownUrl(url: URL): string {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return bare.href
}

/** '@file' or the text itself. */
export function bodyOf(given: string): Uint8Array {
  if (!given.startsWith('@')) return Buffer.from(given)
  const file = given.slice(1)
  try {
    return fs.readFileSync(file)
  } catch (error) {
    throw new InputError(
      `--body ${given}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}); give a file that is there`,
    )
  }
}

/** Throws InputError if it is none. */
export function headerOf(given: string): readonly [string, string] {
  const at = given.indexOf(':')
  const [name, value] = [given.slice(0, at).trim(), given.slice(at + 1).trim()]
  if (at > 0 && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return [name, value]
  throw new InputError(`--header ${given}: no header; give a name and a value, as in 'Authorization: Bearer …'`)
}
