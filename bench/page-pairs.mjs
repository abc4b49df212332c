// One process, one Chromium: whyslow's own page and a page by hand (hand-page.mjs) with the same model and inputs take turns, round by
// round. Prints JSON: { rounds: [[whyslow, by hand], …] }, p50 of each in ms, or { reason } where it is not worth the wait.
//   node bench/page-pairs.mjs '{"provider":"wasm","file":"model.onnx","inputs":"inputs.json","rounds":16,"sampleMs":100,"slowMs":1000}'
import fs from 'node:fs'
import path from 'node:path'
import { handPage, savedSamples } from './hand-page.mjs'
import { median } from './shared.mjs'

const { provider, file, inputs, rounds, sampleMs, slowMs } = JSON.parse(process.argv[2])
const WARMUP_MS = 1000
/** No further round begins after so long, where six have been. */
const IN_MS = 8000
const LEAST_ROUNDS = 6
const dist = path.resolve(import.meta.dirname, '../dist')
const { openInBrowser } = await import(path.join(dist, 'measure/engines/onnxruntime/browser/session.js'))
const { browserFor, endBrowser } = await import(path.join(dist, 'measure/engines/onnxruntime/browser/browser.js'))
const { loadInputs } = await import(path.join(dist, 'measure/samples/saved.js'))

const options = { threads: null, graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null }
try {
  const { page } = await browserFor(provider, options)
  const byHand = await handPage(() => page.context().newPage(), { provider, file, samples: savedSamples(inputs) })
  fs.writeSync(1, JSON.stringify(await paired(byHand)))
} finally {
  await endBrowser()
}
process.exit(0)

async function paired(byHand) {
  // The first one compiles, too: a second one tells.
  const slow = byHand.firstMs < slowMs ? 0 : await byHand.sample(0, 0)
  if (slow > slowMs) return { reason: `one prediction takes ${(slow / 1000).toFixed(1)} s` }
  const session = await openInBrowser(provider, file, options)
  const feeds = loadInputs(inputs)
  const plan = (warmupMs) => ({ sampleMs, least: { warmup: 1, samples: 5 }, maxSamples: 50_000, warmupMs })
  const sides = [
    async (warmupMs = 0) => median((await session.sample(feeds, plan(warmupMs))).samplesMs),
    (warmupMs = 0) => byHand.sample(warmupMs, sampleMs),
  ]
  for (const side of sides) await side(WARMUP_MS)
  const pairs = []
  const start = performance.now()
  for (let round = 0; round < rounds && (round < LEAST_ROUNDS || performance.now() - start < IN_MS); round++) {
    const pair = []
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) pair[side] = await sides[side]()
    pairs.push(pair)
  }
  return { rounds: pairs }
}
