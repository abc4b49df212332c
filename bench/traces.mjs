// Beside HolisticTraceAnalysis: idle, compute and other shares of each trace that both read, and where they differ by more than a point, who is
// right, by a sum of intervals worked out here over the file's own events. PYTHON=… node bench/traces.mjs TRACE...
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const { PYTHON } = process.env
const files = process.argv.slice(2)
if (PYTHON === undefined || files.length === 0) {
  console.error('Usage: PYTHON=python-with-HolisticTraceAnalysis node bench/traces.mjs TRACE...')
  process.exit(2)
}
const root = join(import.meta.dirname, '..')
/** One point of a hundred. */
const CLOSE = 0.01

const theirs = new Map(
  execFileSync(PYTHON, [join(root, 'bench/traces/hta_shares.py'), ...files], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map((row) => [row.file, row]),
)
let wrong = 0
console.log('trace | idle: whyslow, HTA, intervals | compute: whyslow, HTA, intervals | verdict')
for (const file of files) {
  const hta = theirs.get(file)
  const ours = explain(file)
  const truth = intervals(file)
  if (ours === null || truth === null || hta.error !== undefined) {
    console.log(`${basename(file)} | not compared: ${hta.error ?? (truth === null ? 'no device' : 'not read')}`)
    continue
  }
  const isRight = near(ours.idleShare, truth.idle) && near(ours.computeShare, truth.compute)
  const isSame = near(ours.idleShare, hta.idle) && near(ours.computeShare, hta.compute)
  if (!isRight) wrong++
  const verdict = isSame ? 'equal' : isRight ? 'HTA differs from the intervals' : 'WHYSLOW DIFFERS FROM THE INTERVALS'
  const three = (a, b, c) => [a, b, c].map((share) => (100 * share).toFixed(1)).join(', ')
  console.log(
    `${basename(file)} | ${three(ours.idleShare, hta.idle, truth.idle)} | ${three(ours.computeShare, hta.compute, truth.compute)} | ${verdict}`,
  )
}
process.exit(wrong > 0 ? 1 : 0)

function near(a, b) {
  return Math.abs(a - b) <= CLOSE
}

function explain(file) {
  const text = execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), 'explain', file, '--json', '-'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const { trace } = JSON.parse(text)
  return trace.idleShare === null ? null : trace
}

/** Plain sums over sorted intervals, of the file's busiest device. */
function intervals(file) {
  const bytes = readFileSync(file)
  const trace = JSON.parse((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8'))
  const devices = new Map()
  for (const { ph, cat = '', name, pid, ts, dur } of trace.traceEvents ?? trace) {
    const kind = ph === 'X' ? kindOf(cat.toLowerCase(), name) : null
    if (kind === null || (ts === 0 && dur === 0)) continue
    if (!devices.has(pid)) devices.set(pid, [])
    devices.get(pid).push({ kind, from: ts, to: ts + dur })
  }
  const rows = [...devices.values()].map((events) => {
    const from = events.reduce((low, one) => Math.min(low, one.from), Number.POSITIVE_INFINITY)
    const to = events.reduce((high, one) => Math.max(high, one.to), 0)
    const length = to - from
    return {
      busyUs: union(events),
      idle: 1 - union(events) / length,
      compute: union(events.filter(({ kind }) => kind === 'compute')) / length,
    }
  })
  return rows.sort((a, b) => b.busyUs - a.busyUs)[0] ?? null
}

function kindOf(category, name) {
  if (/^(gpu_)?mem(cpy|set)$/.test(category)) return 'copy'
  if (category === 'kernel') return /nccl|rccl|hccl/i.test(name) ? 'communication' : 'compute'
  if (category !== 'mtia_ccp_events' || /^event_(wait|record)/.test(name)) return null
  return name.startsWith('dma') ? 'copy' : 'compute'
}

function union(events) {
  let [sum, end] = [0, Number.NEGATIVE_INFINITY]
  for (const { from, to } of [...events].sort((a, b) => a.from - b.from)) {
    if (to <= end) continue
    sum += to - Math.max(from, end)
    end = to
  }
  return sum
}
