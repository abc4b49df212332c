// Do savings come true that a finding claims? Each model gets a full run; then the command that each finding with a number names is run (`fix` with the
// remedies that treat the rule, `quantize` on synthetic samples, the model at the smaller size), and what it wrote is timed next to the original by plain
// loops in processes that alternate. A command that several findings share is run once, and compared with the largest of them: they overlap.
//   node bench/claims.mjs [--out folder]  MODELS=folder PACKAGES=name,name ONLY=word,word BUDGET=40s PAIRS=6 MINUTES=60
import os from 'node:os'
import path from 'node:path'
import { remedies } from '../dist/model/remedies/index.js'
import { keepResult } from './result.mjs'
import {
  fixed,
  flagsFor,
  inPairs,
  median,
  modelsToFix,
  plainLoop,
  ratioOf,
  reasonOf,
  report,
  sayRatio,
  timeLeft,
} from './shared.mjs'

/** Share of what was claimed: the median and the 90th percentile over all findings with a number. */
const MOST_MEDIAN_ERROR = 0.15
const MOST_P90_ERROR = 0.4

const budget = process.env.BUDGET ?? '40s'
const pairs = Number(process.env.PAIRS ?? 6)
const left = timeLeft(60)

/** What is to be run for a finding, as an id and how; a reason if nothing can be. */
function experimentOf({ rule, run }, file) {
  if (run === null) return { reason: 'it names no command' }
  if (run.command === 'quantize') return { id: 'quantize', make: () => shipped(file, ['--allow-synthetic'], 'quantize') }
  if (run.command === '') {
    const flags = run.arguments.slice(1)
    return { id: flags.join(' '), make: () => ({ measured: () => report(file, [...flags, '--quick']).document.latency.p50Ms }) }
  }
  if (run.command !== 'fix') return { reason: `${run.command} measures, and changes nothing` }
  if (run.arguments.includes('--for')) return { reason: 'its goal is not the latency of a prediction' }
  const only = remedies.filter(({ treats, onlyWhenNamed }) => treats.includes(rule) && !onlyWhenNamed).map(({ id }) => id)
  if (only.length === 0) return { reason: 'no remedy treats it' }
  const loss = run.arguments.includes('--max-loss') ? ['--max-loss', '0.01'] : []
  return { id: `fix ${only} ${loss}`, make: () => shipped(file, ['--only', only.join(), ...loss]) }
}

/** The folder that the command wrote, and the original, by plain loops: ratios of their times. */
function shipped(file, flags, command = 'fix') {
  const { folder, inputs, document } = fixed(file, [...flagsFor(file), ...flags, '--budget', budget], { command })
  const times = inPairs({ folder, inputs }, { file, inputs }, pairs, (side) => plainLoop(side).p50Ms)
  return { ratio: ratioOf(times), kept: document.fix.kept }
}

function achieved({ make }, p50Ms) {
  const made = make()
  if (made.measured) return { achievedMs: p50Ms - made.measured(), kept: [] }
  return { achievedMs: p50Ms * (1 - made.ratio.ratio), kept: made.kept, ratio: sayRatio(made.ratio) }
}

/** Of one model: every finding with a number, and what came of it. */
function claimsOf(file) {
  const { document } = report(file, flagsFor(file))
  const { p50Ms, trust } = document.latency
  const groups = new Map()
  const rows = []
  for (const finding of document.findings.filter(({ wouldSaveMs }) => wouldSaveMs > 0)) {
    const { rule, basis, wouldSaveMs: claimedMs } = finding
    const row = { model: path.basename(file), rule, basis, p50Ms, trust, claimedMs, load: os.loadavg()[0] }
    const experiment = experimentOf(finding, file)
    if (experiment.reason) rows.push({ ...row, unchecked: experiment.reason })
    else if (groups.has(experiment.id)) rows.push({ ...row, unchecked: `the command of ${groups.get(experiment.id).row.rule}` })
    else groups.set(experiment.id, { experiment, row })
  }
  for (const { experiment, row } of groups.values()) {
    try {
      left.check()
      const found = achieved(experiment, p50Ms)
      rows.push({ ...row, ...found, error: Math.abs(found.achievedMs - row.claimedMs) / row.claimedMs })
    } catch (error) {
      rows.push({ ...row, unchecked: reasonOf(error) })
    }
  }
  return largestOfEach(rows)
}

/** What one remedy gives may be told by several findings, which overlap: it is compared with the largest of them. */
function largestOfEach(rows) {
  const told = new Map()
  for (const one of rows.filter(({ kept }) => kept?.length > 0).toSorted((a, b) => b.claimedMs - a.claimedMs)) {
    const key = one.kept.toSorted().join()
    if (!told.has(key)) told.set(key, one)
  }
  return rows.map((row) => {
    const largest = row.kept?.length > 0 ? told.get(row.kept.toSorted().join()) : row
    return largest === row ? row : { ...row, error: undefined, unchecked: `what ${largest.rule} tells` }
  })
}

const p90 = (values) => [...values].sort((a, b) => a - b)[Math.ceil(0.9 * values.length) - 1]
const percent = (share) => `${(100 * share).toFixed(0)} %`

const all = []
for (const file of modelsToFix()) {
  try {
    left.check()
    const rows = claimsOf(file)
    all.push(...rows)
    console.log(path.basename(file))
    console.table(
      rows.map(({ rule, basis, p50Ms, claimedMs, achievedMs, error, ratio, kept, unchecked }) => ({
        ...{ rule, basis, 'p50 ms': p50Ms.toPrecision(3), 'claimed ms': claimedMs.toPrecision(3) },
        'achieved ms': achievedMs?.toPrecision(3) ?? '-',
        error: error === undefined ? '-' : percent(error),
        by: unchecked ?? `${kept.join(', ') || 'nothing kept'} ${ratio ?? ''}`,
      })),
    )
  } catch (error) {
    console.log(path.basename(file), reasonOf(error))
  }
}
const checked = all.filter(({ error }) => error !== undefined)
const summary = (rows) => ({
  claims: rows.length,
  'median error': percent(median(rows.map(({ error }) => error))),
  '90th percentile': percent(p90(rows.map(({ error }) => error))),
})
const byRule = new Map()
for (const one of checked) {
  const key = `${one.rule} (${one.basis})`
  byRule.set(key, [...(byRule.get(key) ?? []), one])
}
console.table(Object.fromEntries([...byRule].map(([rule, rows]) => [rule, summary(rows)])))
if (checked.length === 0) {
  console.log('no claim was checked')
  process.exit(1)
}
const errors = checked.map(({ error }) => error)
console.log(`${checked.length} claims: median error ${percent(median(errors))}, 90th percentile ${percent(p90(errors))}`)
await keepResult({ claims: checked.length, medianErrorPercent: 100 * median(errors), p90ErrorPercent: 100 * p90(errors) }, all)
process.exitCode = median(errors) <= MOST_MEDIAN_ERROR && p90(errors) <= MOST_P90_ERROR ? 0 : 1
