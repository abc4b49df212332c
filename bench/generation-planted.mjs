// Is the planted cause among the first three findings of `whyslow generate`, and silent in the twin? Decoders of two shapes are written with one
// thing wrong, and servers answer with one thing slow; each has a twin without it, measured by the same command. Exit 1 where a cause is missed or a
// twin shows it.
//   node bench/generation-planted.mjs      ONLY=word,word   SHAPES=30m,tiny   KEEP=1 prints all findings
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'

const FIRST = 3
const LIMIT_MS = 600_000
const ROOT = path.join(import.meta.dirname, '..')
const COMMAND = path.join(ROOT, 'dist/whyslow/main.js')
/** TypeScript of the tests. */
const WRITERS = [
  'generation/test/support/decoder/write-folder.ts',
  'generation/test/support/decoder/weights.ts',
  'measure/test/support/streams/mock-server.ts',
]
const only = process.env.ONLY?.split(',') ?? []
const shapes = (process.env.SHAPES ?? '30m,tiny').split(',')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'generation-planted-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

const written = path.join(ROOT, 'node_modules/.cache/generation-planted')
await build({
  ...{
    outbase: path.join(ROOT, 'packages'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir: written,
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
  },
  entryPoints: WRITERS.map((file) => path.join(ROOT, 'packages', file)),
})
const [{ writeFolder }, { decoderWeights, SHAPE_30M }, { startMockServer }] = await Promise.all(
  WRITERS.map((file) => import(path.join(written, file.replace(/\.ts$/, '.mjs')))),
)

/** The layers and widths of llama2.c's stories260K. */
const STORIES = { layers: 5, width: 64, heads: 8, kvHeads: 4, inner: 172, vocabulary: 512, context: 512 }
const SHAPES = { '30m': SHAPE_30M, tiny: STORIES }
const CLEAN = { weights: 'int4', accuracyLevel: 4, head: 'int8', logits: 'last', attention: 'fused' }
const SHORT = ['--prompt-tokens', '16', '--new-tokens', '16']
const LONG = ['--prompt-tokens', '1024', '--new-tokens', '16']

/** Prompts of one application, which begin with what they have in common, with a date, or with nothing in common. */
const system = Array.from({ length: 60 }, (_, k) => `rule ${k} says that words are kept`).join('. ')
const topics = ['rain', 'trains', 'bread', 'clocks', 'rivers', 'paper']
const PROMPTS = {
  alike: topics.map((topic) => `${system}. tell of ${topic}`),
  dated: topics.map((topic, k) => `${'abcdef'[k]}${k * 7919} o'clock ${topic}. ${system}. tell of it`),
  different: topics.map((topic, k) => Array.from({ length: 80 }, (_, n) => `${topic}${(n * 37 + k * 101) % 97}`).join(' ')),
}
const prompts = (name) => ['--prompts', path.join(folder, `${name}.json`), '--new-tokens', '8']
for (const [name, texts] of Object.entries(PROMPTS)) fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(texts))

/** Schedules of a server, in milliseconds. */
const SERVERS = {
  'token-by-token': { prefillMsPerToken: 3, tokenMs: 3 },
  batched: { prefillMsPerToken: 0.1, tokenMs: 3 },
  recomputed: { prefillMsPerToken: 0.05, tokenMs: 5, contextMsPerToken: 0.05 },
}

const of = (form) => ({ form })
const PLANTS = [
  { rule: 'float32-weights', plant: of({ logits: 'last' }), twin: of(CLEAN), shapes: ['30m'] },
  { rule: 'float16-on-cpu', plant: of({ weights: 'float16', logits: 'last' }), twin: of({ logits: 'last' }), shapes: ['30m'] },
  { rule: 'accuracy-level-unset', plant: of({ ...CLEAN, accuracyLevel: null }), twin: of(CLEAN), shapes: ['30m'] },
  { rule: 'float32-head', plant: of({ ...CLEAN, head: 'float32' }), twin: of(CLEAN), shapes: ['30m'] },
  {
    rule: 'recomputed-context',
    plant: of({ ...CLEAN, attention: 'unfused', cache: 'none' }),
    twin: of(CLEAN),
    shapes: ['30m', 'tiny'],
  },
  {
    rule: 'cache-copies',
    plant: { ...of({ ...CLEAN, attention: 'unfused' }), flags: LONG },
    twin: { ...of(CLEAN), flags: SHORT },
    shapes: ['30m'],
  },
  { rule: 'cache-export', plant: { ...of(CLEAN), flags: LONG }, twin: { ...of(CLEAN), flags: SHORT }, shapes: ['30m'] },
  { rule: 'all-position-logits', plant: of({ ...CLEAN, logits: 'all' }), twin: of(CLEAN), shapes: ['30m'] },
  { rule: 'small-quantization-blocks', plant: of({ ...CLEAN, block: 16 }), twin: of(CLEAN), shapes: ['30m'] },
  { rule: 'cache-capacity', plant: of({ ...CLEAN, cache: 'fixed' }), twin: of(CLEAN), shapes: ['30m'] },
  {
    rule: 'thread-count',
    plant: { ...of(CLEAN), flags: ['--threads', String(4 * os.availableParallelism())] },
    twin: of(CLEAN),
    shapes: ['30m', 'tiny'],
  },
  {
    rule: 'uncached-prefix',
    plant: { ...of(CLEAN), flags: prompts('alike') },
    twin: { ...of(CLEAN), flags: prompts('different') },
    shapes: ['30m'],
  },
  {
    rule: 'changing-prefix',
    plant: { ...of(CLEAN), flags: prompts('dated') },
    twin: { ...of(CLEAN), flags: prompts('different') },
    shapes: ['30m'],
  },
  { rule: 'unbatched-prefill', plant: { server: 'token-by-token' }, twin: { server: 'batched' }, shapes: ['address'] },
  { rule: 'recomputed-context', plant: { server: 'recomputed' }, twin: { server: 'batched' }, shapes: ['address'] },
]

function run(target, flags) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [COMMAND, 'generate', target, '--quick', '--json', '-', ...flags], {
      timeout: LIMIT_MS,
    })
    const [out, errors] = [[], []]
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.on('data', (chunk) => errors.push(chunk))
    child.on('close', (status) => {
      if (status === 0) return resolve({ findings: JSON.parse(Buffer.concat(out).toString()).findings })
      resolve({ failed: Buffer.concat(errors).toString().trim().split('\n').at(-1) })
    })
  })
}

const measured = new Map()
const weights = new Map()

async function findingsOf({ form, server, flags = [] }, shape) {
  const key = JSON.stringify([shape, form, server, flags])
  if (measured.has(key)) return measured.get(key)
  let result
  if (server === undefined) {
    // GroupQueryAttention has no heads of 8.
    if (!weights.has(shape)) weights.set(shape, decoderWeights({ shape: SHAPES[shape] }))
    const target = path.join(folder, `model-${measured.size}`)
    writeFolder(target, weights.get(shape), {
      models: { 'model.onnx': shape === 'tiny' ? { ...form, attention: 'unfused' } : form },
    })
    result = await run(target, flags)
    fs.rmSync(target, { recursive: true })
  } else {
    const started = await startMockServer(SERVERS[server])
    result = await run(`${started.url}/v1`, flags)
    await started.close()
  }
  measured.set(key, result)
  return result
}

let [counted, wrong] = [0, 0]
for (const { rule, plant, twin, shapes: own } of PLANTS) {
  if (only.length > 0 && !only.some((word) => rule.includes(word))) continue
  for (const shape of own.filter((one) => one === 'address' || shapes.includes(one))) {
    const found = await findingsOf(plant, shape)
    const clean = await findingsOf(twin, shape)
    const at = found.findings?.findIndex((finding) => finding.rule === rule) ?? -1
    const shown = clean.findings?.some((finding) => finding.rule === rule)
    const isRight = at >= 0 && at < FIRST && shown === false
    counted++
    wrong += isRight ? 0 : 1
    const verdict = isRight ? `found, ${at + 1}.` : shown ? 'SHOWN BY ITS TWIN' : at < 0 ? 'NOT FOUND' : `${at + 1}.`
    const told = (one) =>
      one.failed ??
      one.findings
        .slice(0, process.env.KEEP ? 99 : FIRST)
        .map((finding) => finding.rule)
        .join(' ')
    console.log(`${rule.padEnd(28)} ${shape.padEnd(8)} ${verdict.padEnd(18)} ${told(found)}   twin: ${told(clean)}`)
  }
}
console.log(`${counted - wrong} of ${counted} among the first ${FIRST}, their twins silent`)
process.exit(wrong > 0 ? 1 : 0)
