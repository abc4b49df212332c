// OpenVINO GenAI: PerfMetrics as JSON, as a program writes its rawMetrics (JavaScript) or raw_metrics (Python), in one object or in a list or lines of
// them. Durations are in milliseconds, but those of inference, which are in microseconds.
// https://github.com/openvinotoolkit/openvino.genai/blob/master/src/js/lib/perfMetrics.ts
import { fieldsOf, isObject, type JsonObject } from '@whyslow/graph/json.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording, TokenRequest } from './recording.ts'
import type { TraceSource } from './source.ts'
import { finiteOrNull, jsonObjects, msOf, numbersOf, textOf, tokenRecording, tokenRequest } from './token-requests.ts'

const recognises = ({ text }: Head): string | undefined =>
  /"(generateDurations|generate_durations)"\s*:/.test(text) &&
  /"(timesToFirstToken|times_to_first_token|m_times_to_first_token)"\s*:/.test(text)
    ? 'raw metrics with times to the first token'
    : undefined

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { objects } = jsonObjects(await textOf(source))
  return tokenRecording(source.file, objects.flatMap(requestsOf), { format: 'openvino-genai', recognisedBy })
}

/** A request for each generate call. */
function requestsOf(object: JsonObject): TokenRequest[] {
  const raw = fieldsOf([object.rawMetrics, object.raw_metrics, object].find(isObject))
  const list = (name: string, other = ''): readonly number[] => numbersOf(raw[name] ?? raw[snake(name)] ?? raw[other])
  const totals = list('generateDurations')
  const firsts = list('timesToFirstToken', 'm_times_to_first_token')
  const [tokenizations, detokenizations] = [list('tokenizationDurations'), list('detokenizationDurations')]
  const generated = finiteOrNull(object.numGeneratedTokens ?? object.num_generated_tokens)
  const prompts = finiteOrNull(object.numInputTokens ?? object.num_input_tokens)
  const each = (all: number | null): number | null => (all === null ? null : all / Math.max(1, totals.length))
  return totals.map((totalMs, i) => {
    const firstTokenMs = firsts[i] ?? null
    const generatedTokens = each(generated)
    const decodeMs = firstTokenMs === null ? null : Math.max(0, totalMs - firstTokenMs - (detokenizations[i] ?? 0))
    const later = generatedTokens === null ? 0 : generatedTokens - 1
    return tokenRequest({
      ...{ promptTokens: each(prompts), generatedTokens, totalMs, firstTokenMs, decodeMs },
      tokenMs: decodeMs === null || later <= 0 ? null : decodeMs / later,
      tokenizeMs: msOf(tokenizations[i]),
      detokenizeMs: msOf(detokenizations[i]),
      loadMs: i === 0 ? msOf(object.loadTime ?? object.load_time) : null,
    })
  })
}

/** 'generateDurations' to 'generate_durations'. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const openvinoGenai: TraceReader = { id: 'openvino-genai', title: 'OpenVINO GenAI PerfMetrics', recognises, read }
