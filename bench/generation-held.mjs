// What does a cache that JavaScript holds cost at each token? The same decoder, random weights, generates at several depths with onnxruntime-node,
// whose loop copies every cache out and in, and with ONNX Runtime's C interface, where caches stay: once passed on from step to step (the engine copies
// them), once written in place. Ways take turns, each in a process of its own.
//   node bench/generation-held.mjs     MODEL=decoder.onnx (default: 30 million random parameters)   DEPTHS=0,512,2048   TOKENS=24   ROUNDS=3   THREADS=1
// Times are of the processor, so that other programs of the machine do not count; with one thread they are those of the clock on a quiet machine.
// Exit 1 if what is spent around the engine grows from the first depth to the last by more than 3 % of a token with the cache in place, or if fewer than
// 3 of the other 4 ways take longer than that way at the last depth.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { testWriters } from './generators.mjs'
import { median, root, temporaryFolder } from './shared.mjs'

const WAYS = {
  'node, unfused': ['node', 'unfused'],
  'node, fused': ['node', 'fused'],
  'held, unfused': ['held', 'unfused'],
  'held, fused, passed on': ['passed', 'fused'],
  'held, fused, in place': ['held', 'fused'],
}

if (process.argv[2] === 'child') await child(...process.argv.slice(3))
else await main()

/** One line of JSON: for each depth the median milliseconds of a step, inside the engine and around it. */
async function child(way, model, depths, tokens, threads) {
  const { openHeld } = await import(path.join(root, 'dist/generation/engines/held/index.js'))
  const { openOrtGenerator } = await import(path.join(root, 'dist/generation/engines/ort-cpu.js'))
  const options = { threads: Number(threads), prefillThreads: null, dtype: null, pythonPath: null, mostRequests: 0 }
  const generator = await (way === 'node'
    ? openOrtGenerator(model, options)
    : openHeld(model, options, { inPlace: way !== 'passed' }))
  const rows = []
  for (const depth of depths.split(',').map(Number)) {
    const sequence = generator.start()
    const ids = Array.from({ length: depth }, (_, k) => (k * 37 + 11) % 1000)
    for (let at = 0; at < depth; at += 256) await sequence.feed(ids.slice(at, at + 256), 'none')
    const steps = []
    for (let k = 0; k < Number(tokens) + 4; k++) {
      const [before, used] = [performance.now(), process.cpuUsage()]
      const { runMs } = await sequence.feed([k % 1000], 'last')
      const outsideMs = performance.now() - before - runMs
      const { user, system } = process.cpuUsage(used)
      steps.push({ cpuMs: (user + system) / 1000, outsideMs })
    }
    const warm = steps.slice(4)
    rows.push({ depth, cpuMs: median(warm.map((one) => one.cpuMs)), outsideMs: median(warm.map((one) => one.outsideMs)) })
    sequence.close()
  }
  await generator.close()
  console.log(JSON.stringify(rows))
  process.exit(0)
}

async function main() {
  const { DEPTHS: depths = '0,512,2048', TOKENS: tokens = '24', ROUNDS: rounds = '3', THREADS: threads = '1' } = process.env
  const models = await modelsIn(temporaryFolder())
  const ways = Object.entries(WAYS).filter(([, [, form]]) => models[form] !== undefined)
  const seen = Object.fromEntries(ways.map(([name]) => [name, []]))
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, [way, form]] of round % 2 === 0 ? ways : ways.toReversed()) {
      const ran = spawnSync(process.execPath, [import.meta.filename, 'child', way, models[form], depths, tokens, threads], {
        encoding: 'utf8',
      })
      if (ran.status !== 0) throw new Error(`${name}: ${ran.stderr}`)
      seen[name].push(JSON.parse(ran.stdout.trim().split('\n').at(-1)))
    }
  }
  const at = (name, k, what) => median(seen[name].map((rows) => rows[k][what]))
  const columns = depths.split(',').map(Number)
  console.log(
    `milliseconds of the processor a token, around the engine in brackets; ${threads} thread, median of ${rounds} processes`,
  )
  console.log(`${'depth'.padEnd(26)}${columns.map((depth) => String(depth).padStart(18)).join('')}`)
  for (const [name] of ways) {
    const cells = columns.map((_, k) =>
      `${at(name, k, 'cpuMs').toFixed(2)} (${at(name, k, 'outsideMs').toFixed(3)})`.padStart(18),
    )
    console.log(`${name.padEnd(26)}${cells.join('')}`)
  }
  const [held, last] = ['held, fused, in place', columns.length - 1]
  const [own, first] = [at(held, last, 'cpuMs'), at(held, 0, 'cpuMs')]
  const others = ways.filter(([name]) => name !== held)
  for (const [name] of others) {
    const share = 1 - own / at(name, last, 'cpuMs')
    console.log(`${name}: ${(share * 100).toFixed(0)} % of a token at depth ${columns[last]} is what in place does without`)
  }
  const around = (at(held, last, 'outsideMs') - at(held, 0, 'outsideMs')) / own
  console.log(
    `in place: ${(own - first).toFixed(2)} ms more at depth ${columns[last]} than at ${columns[0]}${cacheReadMs(columns[last])}`,
  )
  console.log(`in place: of that, ${(around * 100).toFixed(1)} % of a token are around the engine`)
  const slower = others.filter(([name]) => at(name, last, 'cpuMs') > own).length
  process.exit(around > 0.03 || slower < Math.min(3, others.length) ? 1 : 0)
}

/** Of the default model: how long reading its cache once takes, by the sum of an array of that size. */
function cacheReadMs(depth) {
  if (process.env.MODEL) return ''
  // 10 layers, keys and values of 2 heads of 64.
  const cache = new Float64Array((10 * 2 * 2 * 64 * depth) / 2)
  const passes = []
  let sum = 0
  for (let k = 0; k < 7; k++) {
    const before = performance.now()
    for (let i = 0; i < cache.length; i += 8) sum += cache[i]
    passes.push(performance.now() - before)
  }
  return ` (${(cache.byteLength / 1e6).toFixed(1)} MB of cache are read in ${(median(passes) + 0 * sum).toFixed(2)} ms by a plain loop)`
}

/** Paths by form of attention. */
async function modelsIn(folder) {
  const { MODEL } = process.env
  if (MODEL) return { fused: path.resolve(MODEL), unfused: path.resolve(MODEL) }
  const { decoderWeights, SHAPE_30M, writeDecoder } = await testWriters()
  const weights = decoderWeights({ shape: SHAPE_30M })
  return Object.fromEntries(
    ['fused', 'unfused'].map((attention) => [
      attention,
      writeDecoder(path.join(folder, `${attention}.onnx`), weights, { attention, logits: 'last' }),
    ]),
  )
}
