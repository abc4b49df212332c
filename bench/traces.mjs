// Beside HolisticTraceAnalysis and XProf: busy, compute, copy and idle shares of each trace that both read, and where they differ by more than a
// point, who is right: of Chrome traces by a sum of intervals worked out here over the file's own events.
// PYTHON=with-HolisticTraceAnalysis [XPROF_PYTHON=with-xprof] node bench/traces.mjs TRACE... [--out folder]
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { keepResult } from './result.mjs'

const { PYTHON, XPROF_PYTHON } = process.env
const files = process.argv.slice(2)
const planes = files.filter((file) => file.endsWith('.pb'))
const traces = files.filter((file) => !planes.includes(file))
if (files.length === 0 || (traces.length > 0 && PYTHON === undefined) || (planes.length > 0 && XPROF_PYTHON === undefined)) {
  console.error(
    'Usage: PYTHON=python-with-HolisticTraceAnalysis XPROF_PYTHON=python-with-xprof node bench/traces.mjs TRACE...\n' +
      'PYTHON reads Chrome traces, XPROF_PYTHON .xplane.pb files; each is needed for its own alone.',
  )
  process.exit(2)
}
const root = join(import.meta.dirname, '..')
/** One point of a hundred. */
const CLOSE = 0.01
const SHARES = ['busy', 'compute', 'copy', 'idle']

let wrong = 0
const [values, raw] = [{}, {}]
if (traces.length > 0) besideHta()
if (planes.length > 0) besideXprof()
await keepResult(values, raw)
process.exit(wrong > 0 ? 1 : 0)

function besideHta() {
  const theirs = told(PYTHON, 'hta_shares.py', traces)
  console.log(`trace | ${SHARES.map((share) => `${share}: whyslow, HTA, intervals`).join(' | ')} | verdict`)
  for (const file of traces) {
    const hta = theirs.get(file) ?? { error: 'nothing was told' }
    const ours = explain(file)
    const truth = ours === null ? null : intervals(file)
    if (ours === null || truth === null || hta.error !== undefined) {
      console.log(`${basename(file)} | not compared: ${hta.error ?? 'no device, or not read'}`)
      continue
    }
    const isRight = SHARES.every((share) => near(ours[share], truth[share]))
    // HTA tells no copies where it finds none, and none where its own table fails.
    const isSame = SHARES.every((share) => hta[share] === null || near(ours[share], hta[share]))
    if (!isRight) wrong++
    const verdict = isSame ? 'equal' : isRight ? 'HTA differs from the intervals' : 'WHYSLOW DIFFERS FROM THE INTERVALS'
    const shares = (one) => SHARES.map((share) => (one[share] === null ? 'none' : 100 * one[share]))
    values[keyOf(file)] = { whyslow: shares(ours), hta: shares(hta) }
    raw[keyOf(file)] = { whyslow: ours, hta, intervals: truth }
    const three = (share) => [ours, hta, truth].map((one) => percent(one[share])).join(', ')
    console.log(`${basename(file)} | ${SHARES.map(three).join(' | ')} | ${verdict}`)
  }
}

function keyOf(file) {
  return basename(file)
    .replace(/\.(json|json\.gz|xplane\.pb)$/, '')
    .replaceAll('.', '-')
}

/** XProf tells devices together: the mean of ours. Where it finds steps, what a device computes in them. */
function besideXprof() {
  const theirs = told(XPROF_PYTHON, 'xprof_shares.py', planes)
  console.log('file | busy, of all devices: whyslow, XProf | idle | computing, ms | verdict')
  for (const file of planes) {
    const xprof = theirs.get(file) ?? { error: 'nothing was told' }
    const ours = explain(file)
    if (ours === null || xprof.error !== undefined) {
      console.log(`${basename(file)} | not compared: ${xprof.error ?? 'no device'}`)
      continue
    }
    const computeMs = ours.compute * ours.windowMs
    const checks = [
      ...(xprof.busy === null ? [] : [near(ours.allBusy, xprof.busy), near(1 - ours.allBusy, xprof.idle)]),
      ...(xprof.computeMs === null ? [] : [Math.abs(computeMs / xprof.computeMs - 1) <= CLOSE]),
    ]
    const verdict = checks.length === 0 ? 'XProf tells nothing of its device' : checks.every(Boolean) ? 'equal' : 'DIFFERENT'
    if (verdict === 'DIFFERENT') wrong++
    values[keyOf(file)] = { xprofMs: xprof.computeMs ?? 'none', whyslowMs: computeMs, recordingMs: ours.windowMs }
    raw[keyOf(file)] = { whyslow: ours, xprof }
    const busy = `${percent(ours.allBusy)}, ${percent(xprof.busy)}`
    const idle = `${percent(1 - ours.allBusy)}, ${percent(xprof.idle)}`
    console.log(
      `${basename(file)} | ${busy} | ${idle} | ${computeMs.toFixed(2)}, ${xprof.computeMs?.toFixed(2) ?? '-'} | ${verdict}`,
    )
  }
}

/** What a tool of Python's says, by file. */
function told(python, script, paths) {
  const text = execFileSync(python, [join(root, 'bench/traces', script), ...paths], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const rows = text
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  return new Map(rows.map((row) => [row.file, row]))
}

function percent(share) {
  return share === null || share === undefined ? '-' : (100 * share).toFixed(1)
}

function near(a, b) {
  return Math.abs(a - b) <= CLOSE
}

/** null: it is no recording that is read (exit code 2), or one without a device. */
function explain(file) {
  const argv = [join(root, 'dist/whyslow/main.js'), 'explain', file, '--json', '-']
  const { status, stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status === 2) return null
  if (status !== 0) throw new Error(`${file}: explain ended with ${status}`)
  const { trace } = JSON.parse(stdout)
  if (trace.idleShare === null) return null
  const all = [trace.deviceBusyShare, ...trace.otherDevices.map(({ deviceBusyShare }) => deviceBusyShare)]
  return {
    ...{ busy: trace.deviceBusyShare, compute: trace.computeShare, copy: trace.copyShare, idle: trace.idleShare },
    ...{ allBusy: all.reduce((sum, one) => sum + one, 0) / all.length, windowMs: trace.windowMs },
  }
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
    const busyUs = union(events)
    return {
      ...{ busyUs, busy: busyUs / length, idle: 1 - busyUs / length },
      compute: union(events.filter(({ kind }) => kind === 'compute')) / length,
      // Where nothing else runs: what is missing without them.
      copy: (busyUs - union(events.filter(({ kind }) => kind !== 'copy'))) / length,
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
