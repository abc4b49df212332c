// Are the tokens of whyslow's loops those of Transformers, for 38 architectures that Optimum exports? Random weights, greedy, 48 tokens: more than the
// windows of those that have one. ONNX Runtime for Node; its C interface with the cache outside JavaScript; and the same after the lossless
// remedies last-logits and group-query-attention.
//   PYTHON=python node bench/generation-architectures.mjs [--out folder]     PYTHON: has optimum-onnx and torch
// Exit 1 if a token differs, or no architecture could be exported.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { isSame, options, shown } from './generation-tokens.mjs'
import { keepResult } from './result.mjs'
import { root, temporaryFolder } from './shared.mjs'

const built = (file) => import(path.join(root, file))
const [{ remedies }, { graphRemedy }, { evaluator }, { runLocally }, { readOnnx }] = await Promise.all(
  [
    'dist/generation/remedies/index.js',
    'dist/generation/prove/candidates/graph-remedy.js',
    'dist/generation/commands/fix/evaluate.js',
    'dist/measure/trials/local-runner.js',
    'dist/formats/onnx.js',
  ].map(built),
)
const LOSSLESS = ['last-logits', 'group-query-attention'].map((name) => remedies.find(({ id }) => id === name))
const evaluate = evaluator(runLocally, { timeMs: 60_000, memoryBytes: 4e9 }, temporaryFolder)

/** The folder after the remedies, and what each did, or why it did nothing. */
async function fused(folder) {
  let setup = { source: folder, options }
  const said = []
  for (const remedy of LOSSLESS) {
    const candidate = graphRemedy(remedy, remedy.variants[0], { read: readOnnx, evaluate })
    const applied = await candidate.apply(setup, { answers: [], folder: temporaryFolder })
    if ('setup' in applied) setup = applied.setup
    said.push(`${remedy.id}: ${'setup' in applied ? applied.changes.join('; ') : applied.reason}`)
  }
  return { source: setup.source, said }
}

const made = spawnSync(
  process.env.PYTHON ?? 'python3',
  [path.join(root, 'bench/generation-architectures/make.py'), temporaryFolder()],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1e9 },
)
const lines = (made.stdout ?? '').split('\n').filter((line) => line.startsWith('{'))
const rows = []
for (const line of lines) {
  const { name, kind, error, folder, ...expected } = JSON.parse(line)
  if (error !== undefined) {
    rows.push({ name, kind, error })
    console.log(`${name}: not exported: ${error}`)
    continue
  }
  // Of an encoder–decoder, two graphs in place of the merged one: the cache can stay outside JavaScript then.
  if (kind === 'encoder-decoder') fs.rmSync(path.join(folder, 'decoder_model_merged.onnx'), { force: true })
  const { source, said: remedied } = await fused(folder)
  const equal = {
    node: await isSame('node', folder, expected),
    held: await isSame('held', folder, expected),
    fused: await isSame('held', source, expected),
  }
  rows.push({ name, kind, equal, remedied })
  console.log(shown(name, equal))
}

const exported = rows.filter(({ equal }) => equal !== undefined)
const isEqual = ({ equal }) => Object.values(equal).every(Boolean)
const countOf = (kind) => exported.filter((row) => row.kind === kind && isEqual(row)).length
const fusedCount = exported.filter(({ remedied }) => remedied.some((one) => / as GroupQueryAttention/.test(one))).length
console.log(
  `${exported.filter(isEqual).length} of ${exported.length} architectures give the tokens of Transformers; attention was fused in ${fusedCount}`,
)
const decoderCount = countOf('decoder')
const encoderDecoderCount = countOf('encoder-decoder')
await keepResult({ decoderCount, encoderDecoderCount, fusedCount, exportedCount: exported.length }, rows)
process.exitCode = exported.length > 0 && exported.every(isEqual) ? 0 : 1
