// vLLM: `vllm bench serve --save-result`, and SGLang's bench_serving, which has the same members. With --save-detailed a row for each request: `ttfts`
// in seconds, and `itls`, gaps between the pieces of its answer, which need not be tokens.
// https://github.com/vllm-project/vllm/blob/main/vllm/benchmarks/serve.py
import type { JsonObject } from '@whyslow/graph/json.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording, TokenRequest } from './recording.ts'
import { listOf, readObject } from './small-json.ts'
import type { TraceSource } from './source.ts'
import { chunkOf, finiteOrNull, msOf, numbersOf, tokenRecording, tokenRequest } from './token-requests.ts'

const recognises = ({ text, kind }: Head): string | undefined =>
  kind === 'object' && /"mean_ttft_ms"\s*:/.test(text) && /"mean_(tpot|itl)_ms"\s*:/.test(text)
    ? 'its members mean_ttft_ms and mean_tpot_ms'
    : undefined

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const file = await readObject(source)
  const detailed = detailedRequests(file)
  const failed = listOf(file.errors).filter((error) => typeof error === 'string' && error !== '').length
  return tokenRecording(source.file, detailed.length > 0 ? detailed : [meanOf(file)], {
    ...{ format: 'vllm-bench', recognisedBy },
    warnings: [
      ...(failed > 0 ? [`${failed} requests failed, and are not in these times`] : []),
      ...(finiteOrNull(file.request_rate) === null && file.request_rate === 'inf'
        ? ['all requests were sent at once (request rate inf): times to the first token are times in the queue, too']
        : []),
    ],
  })
}

function meanOf(file: JsonObject): TokenRequest {
  const count = Math.max(1, finiteOrNull(file.completed) ?? 1)
  const each = (total: unknown): number | null => {
    const number = finiteOrNull(total)
    return number === null ? null : number / count
  }
  const [firstTokenMs, tokenMs, generatedTokens] = [
    msOf(file.mean_ttft_ms),
    // 0: every answer came in one piece, which says nothing of its tokens.
    msOf(file.mean_tpot_ms) || null,
    each(file.total_output_tokens),
  ]
  const decodeMs = tokenMs === null || generatedTokens === null ? null : tokenMs * Math.max(0, generatedTokens - 1)
  return tokenRequest({
    ...{ count, promptTokens: each(file.total_input_tokens), generatedTokens, firstTokenMs, tokenMs, decodeMs },
    totalMs: msOf(file.mean_e2el_ms),
    gaps: { p50Ms: msOf(file.median_itl_ms), p99Ms: msOf(file.p99_itl_ms) },
    tokensPerChunk: chunkOf(msOf(file.mean_itl_ms), tokenMs),
  })
}

/** A request each; those that failed have no first token. */
function detailedRequests(file: JsonObject): TokenRequest[] {
  const [firsts, gaps, prompts, outputs] = [
    listOf(file.ttfts),
    listOf(file.itls),
    listOf(file.input_lens),
    listOf(file.output_lens),
  ]
  return firsts.flatMap((first, i) => {
    const firstTokenMs = msOf(first, 0.001)
    if (firstTokenMs === null || firstTokenMs === 0) return []
    const gapsMs = numbersOf(gaps[i]).map((seconds) => seconds * 1000)
    const generatedTokens = finiteOrNull(outputs[i])
    const gapMs = gapsMs.reduce((sum, ms) => sum + ms, 0)
    const later = generatedTokens === null ? 0 : generatedTokens - 1
    // An answer in one piece says nothing of the tokens after the first.
    const decodeMs = gapsMs.length === 0 && later > 0 ? null : gapMs
    return [
      tokenRequest({
        ...{ promptTokens: finiteOrNull(prompts[i]), generatedTokens, firstTokenMs, decodeMs, totalMs: firstTokenMs + gapMs },
        tokenMs: later > 0 && decodeMs !== null ? decodeMs / later : null,
        gaps: gapsMs.length === 0 ? null : gapsMs,
        tokensPerChunk: gapsMs.length === 0 || later <= 0 ? null : later / gapsMs.length,
      }),
    ]
  })
}

export const vllmBench: TraceReader = { id: 'vllm-bench', title: 'vLLM and SGLang benchmarks', recognises, read }
