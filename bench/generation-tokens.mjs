// The tokens that whyslow's two loops give, for benchmarks that compare them with those of others: ONNX Runtime for Node, and its C interface with
// the cache outside JavaScript. Greedy; an end does not end them.
import path from 'node:path'
import { root } from './shared.mjs'

const built = (file) => import(path.join(root, file))
const [{ openHeld }, { openOrtGenerator }] = await Promise.all(
  ['dist/generation/engines/held/index.js', 'dist/generation/engines/ort-cpu.js'].map(built),
)

/** By the name of the loop. */
const LOOPS = { node: openOrtGenerator, held: openHeld }
export const options = { threads: 1, prefillThreads: null, dtype: null, pythonPath: null, mostRequests: 0 }

async function idsOf(open, source, { prompt, ids }) {
  const generator = await open(source, options)
  const request = { prompt, newTokens: ids.length, ignoreEnd: true, sampling: { kind: 'greedy' }, stop: [] }
  const { tokens } = await generator.generate(request)
  await generator.close()
  return tokens.map(({ id }) => id)
}

/** Whether a loop gives these ids; not if it fails, and then it says why. */
export async function isSame(loop, source, expected) {
  try {
    return String(await idsOf(LOOPS[loop], source, expected)) === String(expected.ids)
  } catch (error) {
    console.log(`  ${loop}: ${error.message.split('\n')[0]}`)
    return false
  }
}

/** 'llama: node equal, held DIFFERENT' */
export const shown = (name, equal) =>
  `${name}: ${Object.entries(equal)
    .map(([way, is]) => `${way} ${is ? 'equal' : 'DIFFERENT'}`)
    .join(', ')}`
