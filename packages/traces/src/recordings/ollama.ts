// ollama: answers of /api/generate and /api/chat; of a stream the last line has the times, in nanoseconds.
// https://github.com/ollama/ollama/blob/main/docs/api.md

import { InputError } from '@whyslow/graph/input-error.ts'
import type { JsonObject } from '@whyslow/graph/json.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording, TokenRequest } from './recording.ts'
import type { TraceSource } from './source.ts'
import { finiteOrNull, jsonObjects, msOf, textOf, tokenRecording, tokenRequest } from './token-requests.ts'

const NS = 1e6

/** The first lines of a stream hold no times yet. */
function recognises({ text }: Head): string | undefined {
  if (/"eval_duration"\s*:/.test(text) && /"total_duration"\s*:/.test(text)) return 'its members eval_duration and total_duration'
  return /^\s*\{"model":"[^"]*","created_at":"[^"]*",/.test(text) && /"done"\s*:\s*false/.test(text)
    ? 'lines with created_at and done'
    : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { objects, otherLines } = jsonObjects(await textOf(source))
  const done = objects.filter(
    (answer) => finiteOrNull(answer.total_duration) !== null || finiteOrNull(answer.eval_duration) !== null,
  )
  if (done.length === 0)
    throw new InputError(`${source.file}: no answer in it has ended ("done": true with its durations); save all of the stream`)
  const warnings = otherLines > 0 ? [`${otherLines} lines are not valid JSON and are left out`] : []
  return tokenRecording(source.file, done.map(requestOf), { format: 'ollama', recognisedBy, warnings })
}

function requestOf(answer: JsonObject): TokenRequest {
  const [promptMs, loadMs] = [msOf(answer.prompt_eval_duration, NS), msOf(answer.load_duration, NS)]
  const [decodeMs, generated] = [msOf(answer.eval_duration, NS), finiteOrNull(answer.eval_count)]
  return tokenRequest({
    // Absent if all of the prompt was in the cache.
    promptTokens: finiteOrNull(answer.prompt_eval_count),
    ...{ generatedTokens: generated, loadMs, promptMs, decodeMs, totalMs: msOf(answer.total_duration, NS) },
    tokenMs: decodeMs === null || generated === null || generated === 0 ? null : decodeMs / generated,
  })
}

export const ollama: TraceReader = { id: 'ollama', title: 'ollama answers', recognises, read }
