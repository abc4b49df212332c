// Is a known cause found? Each is planted, in a model made here, in the options or around the process, and looked for through the
// command line; its twin without the cause must not show it. Exit 1 where a cause is not among the first three findings or a twin
// shows it.
//   node bench/planted.mjs      ONLY=word,word keeps rows by their cause
import path from 'node:path'
import { convolutions, decomposed, large, normalized, perceptron, quantized, recurrent } from './planted/models.mjs'
import { busyProcesses, quotaGroup } from './planted/surroundings.mjs'
import { report, temporaryFolder } from './shared.mjs'

const FIRST = 3
const QUOTA_CPUS = 0.5
/** Bounds the busy processes should this one be killed. */
const BUSY_SECONDS = 120
const THREADS = 16

const quick = ['--quick']
const folder = temporaryFolder()
// Roofs measured under a quota or beside busy processes must not stay in the user's cache.
const env = { XDG_CACHE_HOME: temporaryFolder() }

const made = new Map()
/** The model's file, written at its first use. */
function file(make, options) {
  const key = `${make.name} ${JSON.stringify(options)}`
  if (!made.has(key)) made.set(key, make(folder, options))
  return made.get(key)
}

const plain = () => file(convolutions)
const inQuota = {
  around(run) {
    const group = quotaGroup(QUOTA_CPUS)
    if (group.reason) return { skipped: group.reason }
    try {
      return run(group.prefix)
    } finally {
      group.remove()
    }
  },
}
const besideBusy = {
  around(run) {
    const end = busyProcesses(BUSY_SECONDS)
    try {
      return run([])
    } finally {
      end()
    }
  },
}

/** cause; rules, of which one must be found; the planted model with its flags and surroundings; the twin. */
const causes = [
  {
    cause: 'transposes that cannot cancel',
    rules: ['layout-conversions'],
    planted: { model: () => file(normalized, { moved: true }), flags: quick },
    twin: { model: () => file(normalized, { moved: false }), flags: quick },
  },
  {
    cause: 'graph optimization disabled',
    rules: ['graph-optimization-off'],
    planted: { model: () => file(decomposed), flags: ['--graph-optimization', 'disabled'] },
    twin: { model: () => file(decomposed), flags: [] },
  },
  {
    cause: `${THREADS} threads`,
    rules: ['thread-oversubscription', 'thread-count'],
    planted: { model: plain, flags: ['--threads', String(THREADS)] },
    twin: { model: plain, flags: [] },
  },
  {
    cause: `quota of ${QUOTA_CPUS} CPUs`,
    rules: ['cpu-throttling'],
    planted: { model: plain, flags: quick, ...inQuota },
    twin: { model: plain, flags: quick },
  },
  {
    cause: 'busy processes beside it',
    rules: ['noisy-machine'],
    planted: { model: plain, flags: quick, ...besideBusy },
    twin: { model: plain, flags: quick },
  },
  {
    cause: 'quantized: float operator between fused groups',
    rules: ['unfused-quantization'],
    planted: { model: () => file(quantized, { between: 'erf' }), flags: quick },
    twin: { model: () => file(quantized, { between: 'nothing' }), flags: quick },
  },
  {
    cause: 'quantized: convolutions left in float',
    rules: ['unfused-quantization'],
    planted: { model: () => file(quantized, { between: 'unquantized-erf' }), flags: quick },
    twin: { model: () => file(quantized, { between: 'nothing' }), flags: quick },
  },
  {
    cause: 'LSTM over 512 steps',
    rules: ['recurrent-steps'],
    planted: { model: () => file(recurrent), flags: quick },
    twin: { model: () => file(perceptron), flags: quick },
  },
  {
    cause: 'weights larger than the cache, one sample',
    rules: ['memory-bound-operators'],
    planted: { model: () => file(large), flags: quick },
    twin: { model: plain, flags: quick },
  },
]

const quietReports = new Map()
/** { document } or { skipped }. What nothing is put around is measured once and shared by the rows. */
function measure({ model, flags, around }) {
  const measured = model()
  if (around) return around((prefix) => report(measured, flags, { prefix, env }))
  const key = [measured, ...flags].join(' ')
  if (!quietReports.has(key)) quietReports.set(key, report(measured, flags, { env }))
  return quietReports.get(key)
}

/** Position of the first of the rules among the findings, 1-based; undefined where there is none. */
function rankOf(rules, { findings }) {
  const at = findings.findIndex(({ rule }) => rules.includes(rule))
  return at === -1 ? undefined : at + 1
}

process.on('SIGINT', () => process.exit(130))
const only = process.env.ONLY?.split(',')
const rows = []
const seen = []
let failed = false
for (const { cause, rules, planted, twin } of causes) {
  if (only && !only.some((word) => cause.includes(word))) continue
  const row = { cause, 'expected rule': rules.join(' or ') }
  rows.push(row)
  try {
    // The twin first: it fills the cache with roofs that nothing disturbs.
    const clean = measure(twin)
    const slow = measure(planted)
    if (slow.skipped) {
      row.rank = `skipped: ${slow.skipped}`
      continue
    }
    const rank = rankOf(rules, slow.document)
    const silent = rankOf(rules, clean.document) === undefined
    const first = rank !== undefined && rank <= FIRST
    const finding = rank === undefined ? undefined : slow.document.findings[rank - 1]
    row.rank = rank ?? '-'
    row['saves %'] = finding ? ((finding.wouldSaveMs / slow.document.latency.p50Ms) * 100).toFixed(0) : '-'
    row['in the first three'] = first ? 'yes' : 'NO'
    row['twin silent'] = silent ? 'yes' : 'NO'
    if (!first || !silent) failed = true
    seen.push(say(cause, 'planted', slow.document, rules), say(cause, 'twin', clean.document, rules))
  } catch (error) {
    failed = true
    row.rank = `failed: ${String(error.message).slice(0, 80)}`
  }
}
for (const line of seen) console.log(line)
console.table(rows)
process.exit(failed || rows.length === 0 ? 1 : 0)

/** What was found, and why the expected rules could not be checked where they could not. */
function say(cause, which, { findings, notChecked, latency, model, nodes }, rules) {
  const found = findings.map(({ rule, wouldSaveMs }) => `${rule} ${((wouldSaveMs / latency.p50Ms) * 100).toFixed(0)} %`)
  const unchecked = notChecked
    .filter(({ rule }) => rules.includes(rule))
    .map(({ rule, reason }) => `${rule} not checked: ${reason}`)
  const times = new Map()
  for (const { opType, share } of nodes) times.set(opType, (times.get(opType) ?? 0) + share)
  const most = [...times].sort((a, b) => b[1] - a[1]).slice(0, 5)
  return (
    `${cause}, ${which} (${path.basename(model.file)}, ${latency.p50Ms.toFixed(2)} ms): ${found.join(', ') || 'nothing found'}; ` +
    `${most.map(([opType, share]) => `${opType} ${(share * 100).toFixed(0)} %`).join(', ')}` +
    (unchecked.length > 0 ? `; ${unchecked.join('; ')}` : '')
  )
}
