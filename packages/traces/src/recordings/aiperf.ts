// AIPerf and GenAI-Perf: statistics of each metric with its unit (profile_export_aiperf.json, profile_export_genai_perf.json), and AIPerf's lines of
// requests (profile_export.jsonl), whose metrics have a value with its unit.
// https://github.com/ai-dynamo/aiperf/blob/main/docs/tutorials/working-with-profile-exports.md
import { fieldsOf, isObject, type JsonObject } from '@whyslow/graph/json.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording, TokenRequest } from './recording.ts'
import type { TraceSource } from './source.ts'
import { chunkOf, finiteOrNull, jsonObjects, numbersOf, textOf, tokenRecording, tokenRequest } from './token-requests.ts'

const METRIC = /"(time_to_first_token|ttft)"\s*:\s*\{/

const recognises = ({ text }: Head): string | undefined =>
  METRIC.test(text) && /"unit"\s*:/.test(text) && /"(inter_token_latency|request_latency)"\s*:/.test(text)
    ? 'metrics with their unit, as time_to_first_token'
    : undefined

/** Milliseconds of a unit. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  sec: 1000,
  seconds: 1000,
  milliseconds: 1,
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { objects } = jsonObjects(await textOf(source))
  const requests = objects.map((object) => requestOf(fieldsOf(object.metrics ?? object.records ?? object)))
  return tokenRecording(source.file, requests, { format: 'aiperf', recognisedBy })
}

function requestOf(metrics: JsonObject): TokenRequest {
  const metric = (...names: readonly string[]): JsonObject => fieldsOf(names.map((name) => metrics[name]).find(isObject))
  const scale = ({ unit }: JsonObject): number => UNITS[String(unit)] ?? 1
  const value = (one: JsonObject, statistic: string): number | null =>
    finiteOrNull(one[statistic] ?? (statistic === 'avg' ? one.value : undefined))
  const ms = (one: JsonObject, statistic = 'avg'): number | null => {
    const number = value(one, statistic)
    return number === null ? null : number * scale(one)
  }
  const [first, token, whole] = [metric('time_to_first_token', 'ttft'), metric('inter_token_latency'), metric('request_latency')]
  const chunk = metric('inter_chunk_latency')
  const eachChunk = numbersOf(chunk.value).map((one) => one * scale(chunk))
  const generated = value(metric('output_sequence_length', 'output_token_count'), 'avg')
  const tokenMs = ms(token)
  const chunkMs = eachChunk.length > 0 ? eachChunk.reduce((sum, one) => sum + one, 0) / eachChunk.length : ms(chunk)
  return tokenRequest({
    count: Math.max(1, value(metric('request_count'), 'avg') ?? 1),
    promptTokens: value(metric('input_sequence_length', 'isl'), 'avg'),
    ...{ generatedTokens: generated, firstTokenMs: ms(first), tokenMs, totalMs: ms(whole) },
    decodeMs: tokenMs === null || generated === null ? null : tokenMs * Math.max(0, generated - 1),
    gaps: eachChunk.length > 0 ? eachChunk : percentilesOf(isObject(metrics.inter_chunk_latency) ? chunk : token, ms),
    tokensPerChunk: chunkOf(chunkMs, tokenMs),
  })
}

const percentilesOf = (metric: JsonObject, ms: (one: JsonObject, statistic: string) => number | null) => ({
  p50Ms: ms(metric, 'p50'),
  p99Ms: ms(metric, 'p99'),
})

export const aiperf: TraceReader = { id: 'aiperf', title: 'AIPerf and GenAI-Perf', recognises, read }
