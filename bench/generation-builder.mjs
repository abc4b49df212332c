// Are the tokens of whyslow's loops those of onnxruntime-genai, for decoders that its builder exports? Random weights, float32 and int4, greedy, 48 tokens.
//   PYTHON=python node bench/generation-builder.mjs [--out folder]     PYTHON: has onnxruntime-genai, torch and transformers
// Exit 1 if a token differs, or no decoder could be exported.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { isSame, shown } from './generation-tokens.mjs'
import { keepResult } from './result.mjs'
import { root, temporaryFolder } from './shared.mjs'

const made = spawnSync(
  process.env.PYTHON ?? 'python3',
  [path.join(root, 'bench/generation-builder/make.py'), temporaryFolder()],
  {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1e9,
  },
)
const rows = []
for (const line of (made.stdout ?? '').split('\n').filter((one) => one.startsWith('{'))) {
  const { name, error, folder, transformers, ...expected } = JSON.parse(line)
  if (error !== undefined) {
    rows.push({ name, error })
    console.log(`${name}: not exported or not run by onnxruntime-genai: ${error}`)
    continue
  }
  const equal = { node: await isSame('node', folder, expected), held: await isSame('held', folder, expected) }
  rows.push({ name, equal, isTransformers: String(transformers) === String(expected.ids) })
  console.log(shown(name, equal))
}

const exported = rows.filter(({ equal }) => equal !== undefined)
const equalCount = exported.filter(({ equal }) => Object.values(equal).every(Boolean)).length
console.log(`${equalCount} of ${exported.length} exports give the tokens of onnxruntime-genai`)
await keepResult({ equalCount, exportedCount: exported.length }, rows)
process.exitCode = exported.length > 0 && equalCount === exported.length ? 0 : 1
