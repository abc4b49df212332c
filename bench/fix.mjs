// Is what `fix` hands over faster, and as right as before? Each model is fixed, and the folder that was written is measured beside the
// untouched original by plain loops in processes of their own that alternate; beside both, what the engine's levels of optimization
// and the package onnxsim give alone. Ratios are those of one run, the original's time over the other's: above 1 is faster.
//   node bench/fix.mjs      MODELS=folder ONLY=word,word BUDGET=20s REPEAT=1 PEERS=no FOR=load-time
// FOR=load-time asks `fix` for that, and measures from load() to the first result, the engine being imported, in fresh processes.
// Exit 1 where a model got slower, where its outputs differ, or where it failed.
import fs from 'node:fs'
import path from 'node:path'
import { deserialize } from 'node:v8'
import { readModel } from '../dist/formats/index.js'
import { writeModel } from '../dist/graph/build.js'
import { loadSimplify } from '../dist/model/commands/fix/simplify.js'
import {
  fixed,
  flagsFor,
  geometricMean,
  inPairs,
  isSlower,
  median,
  modelsToFix,
  plainLoop,
  ratioOf,
  reasonOf,
  sayRatio,
  temporaryFolder,
} from './shared.mjs'

const PEER_ROUNDS = 4
const LEAST_COSINE = 0.9999
const LARGE_BYTES = 5e6
const LEVELS = ['disabled', 'basic', 'extended', 'all']

const goal = process.env.FOR ?? 'latency'
const isStart = goal === 'load-time'
/** Starts are short and scatter. */
const pairsOfProcesses = isStart ? 10 : 6
if (!isStart && goal !== 'latency') {
  console.error(`FOR=${goal}: give latency or load-time`)
  process.exit(2)
}
const budget = process.env.BUDGET ?? '20s'
const repeats = Number(process.env.REPEAT ?? 1)
const simplify = process.env.PEERS === 'no' ? undefined : loadSimplify()

const measure = isStart ? (side) => plainLoop(side, { start: true }) : (side) => ({ p50Ms: plainLoop(side).p50Ms })
const timeOf = isStart ? ({ startMs }) => startMs : ({ p50Ms }) => p50Ms
const withImport = ({ importMs, startMs }) => importMs + startMs

process.on('SIGINT', () => process.exit(130))
const rows = []
for (let pass = 0; pass < repeats; pass++) {
  // What one run remembers of its trials must not help the next.
  const env = { XDG_CACHE_HOME: temporaryFolder() }
  for (const file of modelsToFix()) {
    const row = await rowOf(file, env, process.env.PEERS !== 'no' && pass === 0)
    rows.push(row)
    console.log(lineOf(row))
  }
}
console.table(rows.map(cellsOf))
const failed = summarize()
process.exit(failed ? 1 : 0)

async function rowOf(file, env, withPeers) {
  const row = { model: path.basename(file), sizeBytes: fs.statSync(file).size }
  try {
    const { document, inputs, folder } = fixed(file, [...flagsFor(file), '--budget', budget, '--for', goal], { env })
    const original = { file, inputs }
    const shipped = { folder, inputs }
    const cosine = agreementOf(original, shipped)
    const pairs = inPairs(original, shipped, pairsOfProcesses, measure)
    const times = pairs.map((pair) => pair.map(timeOf))
    Object.assign(row, {
      kept: document.fix.kept,
      said: document.fix.speedup,
      cosine,
      before: median(times.map(([a]) => a)),
      after: median(times.map(([, b]) => b)),
      speed: ratioOf(times),
      slower: isSlower(times),
      ...(isStart ? { whole: ratioOf(pairs.map((pair) => pair.map(withImport))) } : {}),
    })
    if (withPeers) row.peers = await peersOf(original)
  } catch (error) {
    row.failed = reasonOf(error)
  }
  return row
}

/** By name, original over peer; a text where there is none. All in one round, the next one the other way round. */
async function peersOf(original) {
  const sides = { original, ...Object.fromEntries(LEVELS.map((level) => [level, atLevel(original, level)])) }
  const ratios = {}
  try {
    sides.onnxsim = { ...original, file: await simplified(original.file) }
  } catch (error) {
    ratios.onnxsim = reasonOf(error)
  }
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
  for (let round = 0; round < PEER_ROUNDS; round++) {
    const names = Object.keys(times)
    for (const name of round % 2 === 0 ? names : names.reverse()) {
      if (typeof ratios[name] === 'string') continue
      try {
        times[name][round] = timeOf(measure(sides[name]))
      } catch (error) {
        ratios[name] = reasonOf(error)
      }
    }
  }
  for (const name of [...LEVELS, 'onnxsim']) {
    ratios[name] ??= median(times[name].map((ms, round) => times.original[round] / ms))
  }
  return ratios
}

function atLevel(side, graphOptimizationLevel) {
  return { ...side, options: { graphOptimizationLevel } }
}

async function simplified(file) {
  if (simplify === undefined) throw new Error('onnxsim is not installed')
  const to = path.join(temporaryFolder(), 'simplified.onnx')
  const { proto } = await simplify(await readModel(file))
  fs.writeFileSync(to, writeModel(proto))
  return to
}

/** The worst cosine over outputs and samples, each run in a process of its own; -1 where an output is missing or of another size. */
function agreementOf(original, shipped) {
  const [before, after] = [original, shipped].map((side) => {
    const keep = path.join(temporaryFolder(), 'outputs')
    plainLoop(side, { seconds: 0, keep })
    return deserialize(fs.readFileSync(keep))
  })
  return Math.min(
    ...before.flatMap((outputs, sample) =>
      Object.entries(outputs).map(([name, output]) => cosine(output, after[sample]?.[name])),
    ),
  )
}

function cosine(a, b) {
  if (b === undefined || b.type !== a.type || b.data.length !== a.data.length) return -1
  if (a.type === 'string') return a.data.every((text, at) => text === b.data[at]) ? 1 : -1
  const number = a.type === 'float16' && a.data instanceof Uint16Array ? fromHalf : Number
  let [dot, aa, bb] = [0, 0, 0]
  for (let at = 0; at < a.data.length; at++) {
    const [x, y] = [number(a.data[at]), number(b.data[at])]
    // Equal, or both not a number: infinities and NaN have no part in a sum.
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      if (!Object.is(x, y)) return -1
      continue
    }
    dot += x * y
    aa += x * x
    bb += y * y
  }
  if (aa === 0 && bb === 0) return 1
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb)
}

/** A float16 by its 16 bits. */
function fromHalf(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

function lineOf({ model, failed, before, after, speed, whole, slower, cosine, said, kept, peers }) {
  if (failed !== undefined) return `${model}: failed: ${failed}`
  const parts = [
    `${model}: ${sayMs(before)} to ${sayMs(after)}, ${sayRatio(speed)}${slower ? ' SLOWER' : ''}`,
    ...(whole ? [`with the engine's import ${sayRatio(whole)}`] : []),
    `cosine ${sayCosine(cosine)}`,
    `fix said ${said.toFixed(2)} by ${kept.join(', ') || 'nothing'}`,
    ...(peers
      ? [
          `beside: ${Object.entries(peers)
            .map(([name, ratio]) => `${name} ${sayPeer(ratio)}`)
            .join(', ')}`,
        ]
      : []),
  ]
  return parts.join('; ')
}

function cellsOf({ model, failed, before, after, speed, slower, cosine, kept, peers }) {
  if (failed !== undefined) return { model, 'before ms': failed.slice(0, 60) }
  const beside = (name) => (typeof peers?.[name] === 'number' ? peers[name].toFixed(2) : '-')
  return {
    model,
    'before ms': before.toFixed(4),
    'after ms': after.toFixed(4),
    ratio: `${sayRatio(speed)}${slower ? ' SLOWER' : ''}`,
    cosine: sayCosine(cosine),
    defaults: '1',
    ...Object.fromEntries([...LEVELS, 'onnxsim'].map((name) => [name, beside(name)])),
    remedies: kept.join(', '),
  }
}

function summarize() {
  const done = rows.filter(({ failed }) => failed === undefined)
  const failures = rows.length - done.length
  if (done.length === 0) {
    console.log(`no model was fixed; ${failures} failed`)
    return true
  }
  const best = done.reduce((a, b) => (b.speed.ratio > a.speed.ratio ? b : a))
  const slower = done.filter((row) => row.slower)
  const differing = done.filter((row) => !(row.cosine >= LEAST_COSINE))
  const peers = [...LEVELS, 'onnxsim'].flatMap((name) => {
    const ratios = done.flatMap((row) => (typeof row.peers?.[name] === 'number' ? [row.peers[name]] : []))
    return ratios.length > 0 ? [`${name} ${geometricMean(ratios).toFixed(2)}x of ${ratios.length}`] : []
  })
  const large = done.filter(({ sizeBytes }) => sizeBytes > LARGE_BYTES)
  const starts = (of) => large.map((row) => `${row.model} ${((1 - 1 / of(row).ratio) * 100).toFixed(0)} %`).join(', ')
  const parts = [
    `${done.length} runs: geometric mean ${geometricMean(done.map(({ speed }) => speed.ratio)).toFixed(2)}x, best ${best.model} ${best.speed.ratio.toFixed(2)}x`,
    `slower: ${named(slower)}`,
    `worst cosine ${sayCosine(Math.min(...done.map((row) => row.cosine)))}, below ${LEAST_COSINE}: ${named(differing)}`,
    `failed: ${failures}`,
    ...(peers.length > 0 ? [`beside: ${peers.join(', ')}`] : []),
    ...(isStart && large.length > 0
      ? [
          `less time to the first result above 5 MB: ${starts(({ speed }) => speed)}; with the engine's import: ${starts(({ whole }) => whole)}`,
        ]
      : []),
  ]
  console.log(parts.join('; '))
  return slower.length + differing.length + failures > 0
}

function named(list) {
  return list.length === 0 ? '0' : `${list.length} (${list.map(({ model }) => model).join(', ')})`
}

function sayMs(ms) {
  return ms < 0.1 ? `${(ms * 1000).toFixed(1)} µs` : `${ms.toFixed(ms < 10 ? 3 : 1)} ms`
}

/** Rounded down, so that 1 is 1. */
function sayCosine(value) {
  return (Math.floor(Math.min(value, 1) * 1e6) / 1e6).toString()
}

function sayPeer(ratio) {
  return typeof ratio === 'number' ? ratio.toFixed(2) : `- (${ratio})`
}
