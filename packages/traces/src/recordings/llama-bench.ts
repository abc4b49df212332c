// llama-bench -o json or jsonl: a row for each test, of a prompt (pp), of generated tokens (tg), or of both, with nanoseconds of each repetition.
// https://github.com/ggml-org/llama.cpp/blob/master/tools/llama-bench/README.md

import { InputError } from '@whyslow/graph/input-error.ts'
import type { JsonObject } from '@whyslow/graph/json.ts'
import { textOrNull } from '@whyslow/graph/json.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording, TokenRequest } from './recording.ts'
import type { TraceSource } from './source.ts'
import { finiteOrNull, jsonObjects, msOf, numbersOf, textOf, tokenRecording, tokenRequest } from './token-requests.ts'

const NS = 1e6

const recognises = ({ text }: Head): string | undefined =>
  /"n_gen"\s*:/.test(text) && /"avg_ns"\s*:/.test(text) ? 'rows with n_gen and avg_ns' : undefined

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { objects } = jsonObjects(await textOf(source))
  const rows = objects.filter((row) => finiteOrNull(row.avg_ns) !== null)
  if (rows.length === 0) throw new InputError(`${source.file}: damaged (no row has avg_ns); run llama-bench again`)
  const set = (key: string): number => new Set(rows.map((row) => String(row[key]))).size
  const differ = ['model_filename', 'n_threads', 'type_k', 'n_batch', 'n_gpu_layers', 'n_depth'].filter((key) => set(key) > 1)
  const [first] = rows
  return tokenRecording(source.file, rows.map(requestOf), {
    ...{ format: 'llama-bench', recognisedBy, version: textOrNull(first?.build_commit) },
    warnings: [
      'llama-bench times neither tokenization nor sampling, so that a request takes longer',
      ...(differ.length > 0 ? [`tests differ in ${differ.join(' and ')}: times are their mean`] : []),
    ],
  })
}

function requestOf(row: JsonObject): TokenRequest {
  const [prompt, generated, depth] = [
    finiteOrNull(row.n_prompt) ?? 0,
    finiteOrNull(row.n_gen) ?? 0,
    finiteOrNull(row.n_depth) ?? 0,
  ]
  const ms = msOf(row.avg_ns, NS)
  const kind = [...(prompt > 0 ? [`pp${prompt}`] : []), ...(generated > 0 ? [`tg${generated}`] : [])].join('+')
  const count = Math.max(1, numbersOf(row.samples_ns).length)
  const named = { count, name: `${kind}${depth > 0 ? ` @ d${depth}` : ''}` }
  if (prompt > 0 && generated > 0)
    return tokenRequest({ ...named, promptTokens: prompt, generatedTokens: generated, totalMs: ms })
  if (generated > 0)
    return tokenRequest({ ...named, generatedTokens: generated, decodeMs: ms, tokenMs: ms === null ? null : ms / generated })
  return tokenRequest({ ...named, promptTokens: prompt, promptMs: ms })
}

export const llamaBench: TraceReader = { id: 'llama-bench', title: 'llama-bench', recognises, read }
