// What readers of times of generated text share: JSON in one piece, in lines or as a stream of events, and a request of which little is told.

import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject, type JsonObject, jsonValue } from '@whyslow/graph/json.ts'
import type { TokenRecording, TokenRequest } from './recording.ts'
import { listOf } from './small-json.ts'
import { type TraceSource, wholeOf } from './source.ts'

/** Answers and logs of this size hold a hundred thousand requests. */
const MOST_BYTES = 128 * 2 ** 20

export const textOf = async (source: TraceSource): Promise<string> =>
  (await wholeOf(source, MOST_BYTES)).toString('utf8').replace(/^\ufeff/, '')

/**
 * Objects of a file: of one JSON value, its items if it is a list; else of each line that is JSON, also after `data: `, as servers stream.
 * Lines that are none are counted.
 */
export function jsonObjects(text: string): { readonly objects: readonly JsonObject[]; readonly otherLines: number } {
  const whole = jsonValue(text)
  if (whole !== undefined) return { objects: (Array.isArray(whole) ? whole : [whole]).filter(isObject), otherLines: 0 }
  let otherLines = 0
  const objects = text.split('\n').flatMap((line) => {
    const trimmed = line.replace(/^data:/, '').trim()
    if (trimmed === '' || trimmed === '[DONE]' || /^(event|id|retry):/.test(trimmed)) return []
    const value = jsonValue(trimmed)
    if (isObject(value)) return [value]
    otherLines++
    return []
  })
  return { objects, otherLines }
}

/** A finite number of at least 0; null: another value. */
export const finiteOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null

/** `value` in units of which `perMs` are a millisecond. */
export const msOf = (value: unknown, perMs = 1): number | null => {
  const number = finiteOrNull(value)
  return number === null ? null : number / perMs
}

export const numbersOf = (value: unknown): readonly number[] =>
  listOf(value).filter((one): one is number => finiteOrNull(one) !== null)

/** What is not told is null. */
export const tokenRequest = (told: Partial<TokenRequest>): TokenRequest => ({
  ...{ count: 1, name: null, promptTokens: null, cachedTokens: null, generatedTokens: null, loadMs: null, tokenizeMs: null },
  ...{ promptMs: null, firstTokenMs: null, tokenMs: null, decodeMs: null, samplingMs: null, detokenizeMs: null, totalMs: null },
  ...{ gaps: null, tokensPerChunk: null },
  ...told,
})

type Known = Pick<TokenRecording, 'format' | 'recognisedBy'> & Partial<Pick<TokenRecording, 'version' | 'warnings'>>

/** The recording of these requests. InputError if none has a time. */
export function tokenRecording(file: string, requests: readonly TokenRequest[], told: Known): TokenRecording {
  const timed = requests.filter(({ promptMs, decodeMs, firstTokenMs, tokenMs, totalMs }) =>
    [promptMs, decodeMs, firstTokenMs, tokenMs, totalMs].some((ms) => ms !== null && ms > 0),
  )
  if (timed.length === 0) throw new InputError(`${file}: no request in it has a time; record it again with requests that end`)
  const untimed = requests.length - timed.length
  return {
    ...{ kind: 'tokens', version: null, recordedWith: [], devices: [], slowed: false },
    ...told,
    warnings: [...(told.warnings ?? []), ...(untimed > 0 ? [`${untimed} requests without a time are left out`] : [])],
    requests: timed,
  }
}

/** The mean of one request's gaps over that of its tokens, where both are known: 1 if each piece is a token. */
export const chunkOf = (gapMs: number | null, tokenMs: number | null): number | null =>
  gapMs === null || tokenMs === null || tokenMs === 0 ? null : gapMs / tokenMs
