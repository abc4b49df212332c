// Prints, of every fixture of Keras, TensorFlow.js and TFLite, which layers or operators make which outputs and how far these are from the
// maker's: node scripts/format-table.mjs. With --write the tables on the pages docs/formats/{keras,tfjs,tflite}.md are written again (then npm run format).
// The fixtures run as the tests run them (packages/formats/src/table.test.ts, which holds the pages against the fixtures).
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const asked = process.argv.includes('--write') ? 'write' : 'print'
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', 'packages/formats/src/table.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, WHYSLOW_FORMAT_TABLES: asked },
})
process.exit(status ?? 1)
