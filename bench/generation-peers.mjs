// Are times of `whyslow generate` those of llama-bench on the same GGUF file and of onnxruntime-genai's own loop on the same ONNX, and do two runs of it
// agree? The same threads, prompt and number of tokens, in turns; ratios of one round. llama-bench neither samples nor leaves its thread between tokens.
//   LLAMA_BENCH=program GGUF=file FROM=project PYTHON=python node bench/generation-peers.mjs [--out folder]
// FROM: a project that has node-llama-cpp. PYTHON: one that has onnxruntime-genai; its folder is a decoder of random weights.
// ROUNDS=5   REPEAT=7 runs, whose intervals are compared with each other   THREADS=1   TOKENS=64   ONLY=llama,genai,same
// Exit 1 if a goal is missed, or was not measured.
import fs from 'node:fs'
import path from 'node:path'
import { CLEAN, generated, llamaBench, peer, testWriters } from './generators.mjs'
import { keepResult } from './result.mjs'
import { median, temporaryFolder } from './shared.mjs'

/** Largest distance of a ratio from 1, and least share of pairs of runs whose intervals meet. */
const GOALS = { llama: 0.03, genai: 0.02, same: 0.95 }
const PROMPT = 256
/** Calls of one process of a peer; the first is cold. */
const CALLS = 5
const { LLAMA_BENCH, GGUF, FROM, PYTHON, ONLY = Object.keys(GOALS).join() } = process.env
const { ROUNDS = '5', REPEAT = '7', THREADS = '1', TOKENS = '64' } = process.env
const asked = ['--threads', THREADS, '--prompt-tokens', PROMPT, '--new-tokens', TOKENS].map(String)
const flags = ['--quick', ...asked]
const values = {}
const raw = {}
const wrong = []

const { decoderWeights, SHAPE_30M, writeDecoder, writeFolder } = await testWriters()
const weights = decoderWeights({ shape: SHAPE_30M })
const warm = (each) => median(each.slice(1))

/** Rounds of both sides, the first by turns; of each part of the time the median of the rounds' ratios. */
async function beside(name, sides) {
  const rounds = []
  for (let round = 0; round < Number(ROUNDS); round++) {
    const one = {}
    for (const side of round % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours']) one[side] = await sides[side]()
    rounds.push(one)
    console.log(`${name}: ${JSON.stringify(one, (_, value) => (typeof value === 'number' ? Number(value.toFixed(3)) : value))}`)
  }
  raw[name] = rounds
  values[name] = {}
  for (const part of ['prefill', 'decode']) {
    const of = (side) => median(rounds.map((round) => round[side][`${part}Ms`]))
    const ratio = median(rounds.map((round) => round.ours[`${part}Ms`] / round.theirs[`${part}Ms`]))
    Object.assign(values[name], {
      [`${part}OursMs`]: of('ours'),
      [`${part}TheirsMs`]: of('theirs'),
      [`${part}Ratio`]: ratio,
    })
    const goal = GOALS[name]
    console.log(
      `${name}, ${part}: ${of('ours').toFixed(3)} ms, theirs ${of('theirs').toFixed(3)} ms: ${ratio.toFixed(3)} (goal: within ${100 * goal} %)`,
    )
    if (Math.abs(ratio - 1) > goal) wrong.push(`${name}, ${part}: beyond ${100 * goal} %`)
  }
  if (rounds.some(({ ours }) => ours.insideMs === undefined)) return
  const insideMs = median(rounds.map(({ ours }) => ours.insideMs))
  const insideRatio = median(rounds.map(({ ours, theirs }) => ours.insideMs / theirs.decodeMs))
  Object.assign(values[name], { insideMs, insideRatio })
  console.log(`${name}, decode: ${insideMs.toFixed(3)} ms of it by llama.cpp's own clock, ${insideRatio.toFixed(3)} of theirs`)
}

/** What a token takes in llama.cpp, by its own clock. */
const INSIDE = new Set(['weights', 'cache-read', 'cache-copied', 'engine'])

function llamaSides() {
  const common = { threads: THREADS, repeats: CALLS - 1 }
  return {
    async ours() {
      const { speed, tokenParts } = await generated(path.resolve(GGUF), ['--engine', 'llama-cpp', ...flags], { project: FROM })
      return {
        prefillMs: (1000 * PROMPT) / speed.prefillTokensPerSecond.value,
        decodeMs: speed.timePerTokenMs.value,
        insideMs: tokenParts.parts.reduce((sum, { id, ms }) => sum + (INSIDE.has(id) ? ms : 0), 0),
      }
    },
    theirs: () => ({
      prefillMs: (1000 * PROMPT) / llamaBench(LLAMA_BENCH, GGUF, { ...common, prompt: PROMPT }),
      decodeMs: 1000 / llamaBench(LLAMA_BENCH, GGUF, { ...common, tokens: TOKENS, depth: PROMPT }),
    }),
  }
}

function genaiSides() {
  const folder = temporaryFolder()
  writeDecoder(path.join(folder, 'model.onnx'), weights, CLEAN)
  fs.writeFileSync(path.join(folder, 'genai_config.json'), JSON.stringify(genaiConfig(SHAPE_30M)))
  return {
    async ours() {
      const { speed } = await generated(folder, ['--engine', 'python-genai', '--python', PYTHON, ...flags])
      return { prefillMs: speed.timeToFirstTokenMs.value, decodeMs: speed.timePerTokenMs.value }
    },
    theirs() {
      const { firstMs, tokenMs } = peer(PYTHON, 'genai_loop.py', [folder, THREADS, PROMPT, TOKENS, CALLS].map(String))
      return { prefillMs: warm(firstMs), decodeMs: warm(tokenMs) }
    },
  }
}

/** What its builder writes next to a model. */
const genaiConfig = ({ vocabulary, context, layers, width, heads, kvHeads }) => ({
  model: {
    type: 'llama',
    ...{ vocab_size: vocabulary, context_length: context, bos_token_id: 1, eos_token_id: 0, pad_token_id: 0 },
    decoder: {
      filename: 'model.onnx',
      session_options: { provider_options: [] },
      ...{ hidden_size: width, head_size: width / heads, num_hidden_layers: layers },
      ...{ num_attention_heads: heads, num_key_value_heads: kvHeads },
      inputs: {
        ...{ input_ids: 'input_ids', attention_mask: 'attention_mask' },
        ...{ past_key_names: 'past_key_values.%d.key', past_value_names: 'past_key_values.%d.value' },
      },
      outputs: { logits: 'logits', present_key_names: 'present.%d.key', present_value_names: 'present.%d.value' },
    },
  },
  search: { max_length: context, past_present_share_buffer: true },
})

/** Runs of the same model one after the other: do the intervals of two of them meet? Not quick ones: the extremes of three processes miss each other in one pair of ten. */
async function same() {
  const folder = writeFolder(path.join(temporaryFolder(), 'same'), weights, { models: { 'model.onnx': CLEAN } })
  const runs = []
  for (let run = 0; run < Number(REPEAT); run++) runs.push((await generated(folder, asked)).speed)
  raw.same = runs
  values.same = {}
  for (const part of ['timePerTokenMs', 'timeToFirstTokenMs']) {
    const intervals = runs.map((speed) => speed[part])
    const pairs = intervals.flatMap((a, k) => intervals.slice(k + 1).map((b) => a.low <= b.high && b.low <= a.high))
    const share = pairs.filter(Boolean).length / pairs.length
    values.same[`${part.replace(/Ms$/, '')}OverlapPercent`] = 100 * share
    console.log(
      `same, ${part}: the intervals of ${(100 * share).toFixed(0)} % of ${pairs.length} pairs of runs meet (goal ${100 * GOALS.same} %): ${intervals
        .map(({ value, low, high }) => `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`)
        .join(', ')}`,
    )
    if (share < GOALS.same) wrong.push(`same, ${part}: below ${100 * GOALS.same} %`)
  }
}

const parts = {
  llama: LLAMA_BENCH === undefined || GGUF === undefined || FROM === undefined ? null : () => beside('llama', llamaSides()),
  genai: PYTHON === undefined ? null : () => beside('genai', genaiSides()),
  same,
}
for (const name of ONLY.split(',')) {
  if (parts[name] === null) wrong.push(`${name} was not measured`)
  else await parts[name]()
}
for (const line of wrong) console.log(line)
await keepResult(values, raw)
process.exitCode = wrong.length > 0 ? 1 : 0
