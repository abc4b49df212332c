// Requests of generated text -> their means. What a tool does not tell of its requests is told by none of them, so that a mean is over those that do.
import { percentileOf, sortAscending } from '@whyslow/measure/statistics/index.ts'
import type { TokenRequest } from '../recordings/recording.ts'
import type { TokenFacts, TokenPart } from './facts.ts'

/** A load that takes less is that of what was in memory: a context, a cache. */
const RELOADED_MS = 200

type Time = { [K in keyof TokenRequest]: TokenRequest[K] extends number | null ? K : never }[keyof TokenRequest]

export function tokenFacts(requests: readonly TokenRequest[]): { readonly facts: TokenFacts; readonly requestMs: number } {
  const mean = (of: (request: TokenRequest) => number | null): number | null => {
    const told = requests.flatMap((request) => (of(request) === null ? [] : [{ value: of(request)!, count: request.count }]))
    const count = told.reduce((sum, one) => sum + one.count, 0)
    return count === 0 ? null : told.reduce((sum, one) => sum + one.value * one.count, 0) / count
  }
  const field = (name: Time): number | null => mean((request) => request[name])
  const parts = partsOf(field)
  const requestMs = Object.values(parts).reduce((sum, ms) => sum + ms, 0)
  const [prompt, first] = [parts.load + parts.tokenize + parts.prompt, field('firstTokenMs')]
  return {
    facts: {
      requests: requests.reduce((sum, { count, name }) => sum + (name === null ? count : 1), 0),
      ...{ promptTokens: field('promptTokens'), cachedTokens: field('cachedTokens'), generatedTokens: field('generatedTokens') },
      // What a tool does not time apart begins with what it does time.
      firstTokenMs: first ?? (prompt > 0 ? prompt : null),
      ...{ tokenMs: field('tokenMs'), parts, reloads: reloadsOf(requests), gaps: gapsOf(requests, mean) },
      tokensPerChunk: field('tokensPerChunk'),
      tests: requests.flatMap(({ name, promptMs, decodeMs, totalMs }) =>
        name === null ? [] : [{ name, ms: totalMs ?? promptMs ?? decodeMs ?? 0 }],
      ),
    },
    requestMs,
  }
}

function partsOf(field: (name: Time) => number | null): Readonly<Record<TokenPart, number>> {
  const ms = (name: Time): number => field(name) ?? 0
  const named = { load: ms('loadMs'), tokenize: ms('tokenizeMs'), prompt: ms('promptMs') }
  const before = named.load + named.tokenize + named.prompt
  const firstToken = Math.max(0, ms('firstTokenMs') - before)
  const after = { decode: ms('decodeMs'), sampling: ms('samplingMs'), detokenize: ms('detokenizeMs') }
  const known = before + firstToken + after.decode + after.sampling + after.detokenize
  return { ...named, firstToken, ...after, other: Math.max(0, ms('totalMs') - known) }
}

/** The first request of all loads the model; a later one loads it again. */
function reloadsOf(requests: readonly TokenRequest[]): TokenFacts['reloads'] {
  const later = requests.slice(1).flatMap(({ loadMs }) => (loadMs === null ? [] : [loadMs]))
  if (later.length === 0) return null
  const loads = later.filter((ms) => ms >= RELOADED_MS)
  return {
    share: loads.length / later.length,
    ms: loads.length === 0 ? 0 : loads.reduce((sum, ms) => sum + ms, 0) / loads.length,
  }
}

/** Percentiles of all gaps; the mean of percentiles if only they are told. */
function gapsOf(
  requests: readonly TokenRequest[],
  mean: (of: (request: TokenRequest) => number | null) => number | null,
): TokenFacts['gaps'] {
  const each = sortAscending(requests.flatMap(({ gaps }) => (Array.isArray(gaps) ? (gaps as readonly number[]) : [])))
  if (each.length > 0) return { p50Ms: percentileOf(each, 0.5), p99Ms: percentileOf(each, 0.99) }
  const told = (of: 'p50Ms' | 'p99Ms') =>
    mean(({ gaps }) => (gaps === null || Array.isArray(gaps) ? null : (gaps as Percentiles)[of]))
  const [p50Ms, p99Ms] = [told('p50Ms'), told('p99Ms')]
  return p50Ms === null || p99Ms === null ? null : { p50Ms, p99Ms }
}

type Percentiles = Exclude<TokenRequest['gaps'], readonly number[] | null>
