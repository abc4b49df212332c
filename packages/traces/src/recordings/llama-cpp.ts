// llama.cpp: `timings` of llama-server's answers (one answer, a list, lines, a stream), and the times that its programs print at their end:
//   prompt eval time =     137.81 ms /    18 tokens (    7.66 ms per token,   130.62 tokens per second)
//          eval time =    1893.10 ms /    64 tokens (   29.58 ms per token,    33.81 tokens per second)
// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, src/llama-context.cpp

import { InputError } from '@whyslow/graph/input-error.ts'
import { fieldsOf, type JsonObject } from '@whyslow/graph/json.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording, TokenRequest } from './recording.ts'
import type { TraceSource } from './source.ts'
import { finiteOrNull, jsonObjects, msOf, textOf, tokenRecording, tokenRequest } from './token-requests.ts'

const TIMINGS = /"predicted_ms"\s*:|"prompt_ms"\s*:/
const PRINTED = /\bprompt eval time =\s*[\d.]+ ms/
/** 'prompt eval time', 'eval time', 'total time', each with ms and tokens; of older programs 'runs' and 'samples'. */
const LINE = /\b(prompt eval|eval|sampling|sample|total) time =\s*([\d.]+) ms(?: \/\s*(\d+) (?:tokens|runs|samples))?/

function recognises({ text }: Head): string | undefined {
  if (PRINTED.test(text)) return 'its lines "prompt eval time ="'
  return TIMINGS.test(text) && /"predicted_n"\s*:|"prompt_n"\s*:/.test(text)
    ? 'timings with prompt_ms and predicted_ms'
    : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const text = await textOf(source)
  const told = { format: 'llama-cpp', recognisedBy } as const
  if (PRINTED.test(text)) return tokenRecording(source.file, printed(text), told)
  const { objects, otherLines } = jsonObjects(text)
  const requests = requestsOf(objects)
  if (requests.length === 0)
    throw new InputError(`${source.file}: damaged (no timings in this JSON); save the server's answer again`)
  const warnings = otherLines > 0 ? [`${otherLines} lines are not valid JSON and are left out`] : []
  return tokenRecording(source.file, requests, { ...told, warnings })
}

/** Requests, each by its last timings: with timings_per_token each piece of a stream has those up to it. */
function requestsOf(objects: readonly JsonObject[]): TokenRequest[] {
  const byAnswer = new Map<string | number, TokenRequest>()
  let isOpen = false
  let answers = 0
  for (const object of objects) {
    const isChunk = typeof object.id === 'string' && typeof object.object === 'string' && object.object.endsWith('.chunk')
    if (!isOpen) answers++
    isOpen = object.stop === false
    for (const request of fromTimings(object)) byAnswer.set(isChunk ? (object.id as string) : answers, request)
  }
  return [...byAnswer.values()]
}

function fromTimings(answer: JsonObject): TokenRequest[] {
  const timings = fieldsOf(answer.timings ?? fieldsOf(answer.result).timings ?? answer)
  const [promptMs, decodeMs, generated] = [msOf(timings.prompt_ms), msOf(timings.predicted_ms), finiteOrNull(timings.predicted_n)]
  if (promptMs === null && decodeMs === null) return []
  return [
    tokenRequest({
      ...{
        promptTokens: finiteOrNull(timings.prompt_n),
        cachedTokens: finiteOrNull(timings.cache_n),
        generatedTokens: generated,
      },
      ...{
        promptMs,
        decodeMs,
        tokenMs: generated === null || generated === 0 || decodeMs === null ? null : decodeMs / generated,
      },
    }),
  ]
}

/** A request is what stands from one line about its prompt to the next. */
function printed(text: string): TokenRequest[] {
  const requests: Partial<TokenRequest>[] = []
  let samplingMs: number | null = null
  for (const line of text.split('\n')) {
    const parts = LINE.exec(line)
    if (parts === null) continue
    const [, what, time, tokens] = parts
    const [ms, count] = [Number(time), tokens === undefined ? null : Number(tokens)]
    if (!Number.isFinite(ms)) continue
    const last = requests.at(-1)
    if (what === 'prompt eval') {
      requests.push({ promptMs: ms, promptTokens: count, samplingMs })
      samplingMs = null
    } else if (what === 'sampling' || what === 'sample') {
      // Programs tell of sampling before they tell of the prompt; a total ends a request.
      if (last === undefined || last.totalMs !== undefined) samplingMs = ms
      else Object.assign(last, { samplingMs: ms })
    } else if (last !== undefined) {
      const decoded = { decodeMs: ms, generatedTokens: count, tokenMs: count ? ms / count : null }
      Object.assign(last, what === 'eval' ? decoded : { totalMs: ms })
    }
  }
  return requests.map(tokenRequest)
}

export const llamaCpp: TraceReader = { id: 'llama-cpp', title: 'llama.cpp timings', recognises, read }
