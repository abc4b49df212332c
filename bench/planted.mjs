// Is a known cause found? Each is planted, in a model made here, in the options or around the process, and looked for through the
// command line; its twin without the cause must not show it. Where a remedy treats it, `fix` must bring the planted back to within 5 %
// of the twin, both measured by plain loops in processes that alternate. Exit 1 where a cause is not among the first three findings, a
// twin shows it, or it is not undone.
//   node bench/planted.mjs      ONLY=word,word keeps rows by their cause
import path from 'node:path'
import { attention, hardSwish, pooling, rowsByIndex, skips, slopes, wholeSample } from './planted/forms.mjs'
import {
  anySize,
  broadcast,
  convolutions,
  depthwise,
  dynamicConvolutions,
  elementwise,
  forest,
  large,
  listedWeights,
  narrow,
  normalized,
  perceptron,
  quantized,
  quantizedGroups,
  recurrent,
  recurrentInt8,
  rowsOf,
  softmax,
  twice,
} from './planted/models.mjs'
import { busyProcesses, quotaGroup } from './planted/surroundings.mjs'
import { fixed, inPairs, plainLoop, ratioOf, reasonOf, report, sayRatio, temporaryFolder } from './shared.mjs'

const FIRST = 3
const QUOTA_CPUS = 0.5
/** Bounds the busy processes should this one be killed. */
const BUSY_SECONDS = 120
const THREADS = 16
const BUDGET = '40s'
const PAIRS = 6
/** Of the twin's time: undone at most so much above it. */
const UNDONE = 1.05

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
const labelled = (useful) => ['--data', rowsOf(folder, { useful }), '--labels', 'label']
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

/**
 * cause; rules, of which one must be found; the planted model with its flags and surroundings; the twin; the remedy that undoes it.
 * None lifts a quota, ends other processes, makes a sequence parallel or weights small, or quantizes what was left in float.
 */
const causes = [
  {
    cause: 'transposes that cannot cancel',
    rules: ['layout-conversions'],
    planted: { model: () => file(normalized, { moved: true }), flags: quick },
    twin: { model: () => file(normalized, { moved: false }), flags: quick },
  },
  {
    cause: 'trees that say nothing more',
    rules: ['too-many-trees'],
    planted: { model: () => file(forest, { useful: 40 }), flags: [...quick, ...labelled(40)] },
    twin: { model: () => file(forest, { useful: 800 }), flags: [...quick, ...labelled(800)] },
  },
  {
    cause: 'weights listed as inputs',
    rules: ['initializers-as-inputs'],
    planted: { model: () => file(listedWeights, { isListed: true }), flags: quick },
    twin: { model: () => file(listedWeights, { isListed: false }), flags: quick },
    remedy: 'initializers-as-inputs',
  },
  {
    cause: 'an image of 640 x 640 where any size would do',
    rules: ['large-input-resolution'],
    planted: { model: () => file(anySize), flags: [...quick, '--shape', 'x=1x3x640x640'] },
    twin: { model: () => file(anySize), flags: [...quick, '--shape', 'x=1x3x224x224'] },
  },
  {
    cause: 'graph optimization disabled',
    rules: ['graph-optimization-off'],
    planted: { model: () => file(depthwise), flags: ['--graph-optimization', 'disabled'] },
    twin: { model: () => file(depthwise), flags: [] },
    remedy: 'graph-optimization',
  },
  {
    cause: `${THREADS} threads`,
    rules: ['thread-oversubscription', 'thread-count'],
    planted: { model: plain, flags: ['--threads', String(THREADS)] },
    twin: { model: plain, flags: [] },
    remedy: 'thread-count',
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
    planted: { model: () => file(quantized, { between: 'neg', kernel: 1 }), flags: quick },
    twin: { model: () => file(quantized, { between: 'nothing', kernel: 1 }), flags: quick },
  },
  {
    cause: 'quantized: convolutions left in float',
    rules: ['unfused-quantization'],
    planted: { model: () => file(quantized, { between: 'unquantized-erf', kernel: 3 }), flags: quick },
    twin: { model: () => file(quantized, { between: 'nothing', kernel: 3 }), flags: quick },
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
  {
    cause: 'nine by nine convolution with three output channels',
    rules: ['inefficient-kernels'],
    planted: { model: () => file(narrow, { few: true }), flags: quick },
    twin: { model: () => file(narrow, { few: false }), flags: quick },
  },
  {
    cause: 'factors broadcast over eight numbers',
    rules: ['slow-broadcast'],
    planted: { model: () => file(broadcast, { spread: false }), flags: quick },
    twin: { model: () => file(broadcast, { spread: true }), flags: quick },
  },
  {
    cause: 'twelve elementwise operators in a row',
    rules: ['unfused-elementwise'],
    planted: { model: () => file(elementwise, { many: true }), flags: quick },
    twin: { model: () => file(elementwise, { many: false }), flags: quick },
  },
  {
    cause: 'steps of an LSTM in int8, each handed to two threads',
    rules: ['parallel-overhead'],
    planted: { model: () => file(recurrentInt8), flags: ['--threads', '2'] },
    twin: { model: () => file(recurrentInt8), flags: ['--threads', '1'] },
  },
  {
    cause: 'matrices read again when they have left the caches',
    rules: ['cold-caches'],
    planted: { model: () => file(twice, { later: true }), flags: ['--threads', '1'] },
    twin: { model: () => file(twice, { later: false }), flags: ['--threads', '1'] },
  },
  {
    cause: 'softmax of rows of two',
    rules: ['slow-normalization'],
    planted: { model: () => file(softmax, { classes: 2 }), flags: quick },
    twin: { model: () => file(softmax, { classes: 512 }), flags: quick },
  },
  ...[
    { cause: 'attention in pieces', rule: 'unfused-operators', make: attention, planted: { inPieces: true } },
    { cause: 'HardSwish in pieces', rule: 'unfused-elementwise', make: hardSwish, planted: { inPieces: true } },
    { cause: 'PRelu of one slope', rule: 'inefficient-kernels', make: slopes, planted: { general: true } },
    { cause: 'global pooling in the plain layout', rule: 'inefficient-kernels', make: pooling, planted: { pooled: true } },
    { cause: 'residual sums fused with their normalization', rule: 'slow-normalization', make: skips, planted: { fused: true } },
    { cause: 'rows taken element by element', rule: 'inefficient-kernels', make: rowsByIndex, planted: { repeated: true } },
    { cause: 'a whole sample normalized in pieces', rule: 'slow-normalization', make: wholeSample, planted: { inPieces: true } },
  ].map(({ cause, rule, make, planted }) => ({
    cause,
    rules: [rule],
    planted: { model: () => file(make, planted), flags: quick },
    twin: { model: () => file(make, Object.fromEntries(Object.keys(planted).map((key) => [key, false]))), flags: quick },
  })),
  {
    cause: 'quantized: convolutions in groups of four channels',
    rules: ['int8-slower-than-float'],
    planted: { model: () => file(quantizedGroups, { groups: 16 }), flags: quick },
    twin: { model: () => file(quantizedGroups, { groups: 1 }), flags: quick },
  },
  {
    cause: 'quantized: convolutions that quantize what they read',
    rules: ['int8-slower-than-float'],
    planted: { model: () => file(dynamicConvolutions), flags: quick },
    twin: { model: () => file(quantizedGroups, { groups: 1 }), flags: quick },
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

/** What `fix` made of the planted model, over the twin: the ratio of their times, and what was kept. Flags are the planted's own. */
function undo(planted, twin) {
  const {
    document,
    inputs,
    folder: shipped,
  } = fixed(planted.model(), [...planted.flags.filter((flag) => flag !== '--quick'), '--budget', BUDGET], { env })
  const measured = inPairs({ folder: shipped, inputs }, { file: twin.model(), inputs }, PAIRS, (side) => plainLoop(side).p50Ms)
  return { ratio: ratioOf(measured), kept: document.fix.kept }
}

process.on('SIGINT', () => process.exit(130))
const only = process.env.ONLY?.split(',')
const rows = []
let failed = false
for (const { cause, rules, planted, twin, remedy } of causes) {
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
    row['saves %'] =
      finding && finding.wouldSaveMs !== null ? ((finding.wouldSaveMs / slow.document.latency.p50Ms) * 100).toFixed(0) : '-'
    row['in the first three'] = first ? 'yes' : 'NO'
    row['twin silent'] = silent ? 'yes' : 'NO'
    row['treated by'] = remedy ?? '-'
    if (!first || !silent) failed = true
    console.log(say(cause, 'planted', slow.document, rules))
    console.log(say(cause, 'twin', clean.document, rules))
    if (remedy === undefined) continue
    const { ratio, kept } = undo(planted, twin)
    const undone = ratio.ratio <= UNDONE
    row['undone by fix'] = undone ? 'yes' : 'NO'
    row['fixed / twin'] = sayRatio(ratio)
    if (!undone) failed = true
    console.log(`${cause}, fixed by ${kept.join(', ') || 'nothing'}: ${sayRatio(ratio)} of the twin's time`)
  } catch (error) {
    failed = true
    // What was found stays in the row where `fix` alone failed.
    row[row.rank === undefined ? 'rank' : 'undone by fix'] = `failed: ${reasonOf(error)}`
  }
}
console.table(rows)
const count = (of) => rows.filter(of).length
console.log(
  `${rows.length} causes: ${count((row) => row['in the first three'] === 'yes')} in the first three findings, ` +
    `${count((row) => row['twin silent'] === 'yes')} with a silent twin; ` +
    `${count((row) => row['undone by fix'] === 'yes')} undone of ${count((row) => (row['treated by'] ?? '-') !== '-')} that a remedy treats`,
)
process.exit(failed || rows.length === 0 ? 1 : 0)

/** What was found, and why the expected rules could not be checked where they could not. */
function say(cause, which, { findings, notChecked, latency, model, nodes }, rules) {
  const found = findings.map(({ rule, wouldSaveMs }) =>
    wouldSaveMs === null ? `${rule} (unknown)` : `${rule} ${((wouldSaveMs / latency.p50Ms) * 100).toFixed(0)} %`,
  )
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
