// How far the numbers can be trusted and what they were measured with: grade, model, inputs, engine, machine, and what else
// the measurement gave. One labelled line each; a fact that the document does not have leaves its line out.

import { bytes, count, metricValue, percent, plural, singular, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportSweep } from '../documents/report.ts'
import { sourceWords } from './answers/likeness.ts'
import { labelLines } from './page.ts'
import { sparkline } from './plots/sparkline.ts'

const labelWidth = 9

/** The labelled lines, at most `width` cells each. */
export function measuringConditions(doc: ReportDocument, width: number): string[] {
  const facts: [string, string | null][] = [
    ['Trust', trust(doc)],
    ['Latency', latency(doc)],
    ['Samples', samples(doc, width - labelWidth)],
    ['Engine', engine(doc)],
    ['Model', model(doc)],
    ['Inputs', inputs(doc)],
    ['Labels', labels(doc)],
    ['Memory', memory(doc)],
    ['Device', device(doc)],
    ['Machine', machine(doc)],
    ['Profile', doc.profile?.correction ?? null],
    ...doc.sweeps.map((sweep): [string, string | null] => ['Sweep', sweepLine(sweep)]),
  ]
  return labelLines(facts, width, labelWidth)
}

const grades = {
  A: 'samples are steady and processes agree',
  B: 'good, with minor noise',
  C: 'use with care',
  D: 'do not rely on the number',
} as const

function trust({ latency }: ReportDocument): string | null {
  if (latency === null) return null
  const reasons = latency.reasons.length > 0 ? latency.reasons.join('; ') : grades[latency.trust]
  return `${latency.trust}: ${reasons}`
}

function latency({ latency }: ReportDocument): string | null {
  if (latency === null) return null
  const tail = (['p90', 'p95', 'p99'] as const).flatMap((name) => {
    const [value, upper] = [latency[`${name}Ms`], latency[`${name}UpperMs`] ?? null]
    return value === null ? [] : [`${name} ${time(value)}${upper === null ? '' : ` (at most ${time(upper)})`}`]
  })
  const percentiles = [`p50 ${time(latency.p50Ms)}`, ...tail].join(', ')
  const asked = `${plural(latency.samplesMs.length, 'sample')} in ${plural(latency.blocks.length, 'process', 'processes')}`
  return `${percentiles} of ${asked}; load ${time(latency.loadMs)}, first prediction ${time(latency.firstMs)}`
}

const MOST_MARKS = 44

/** Samples in their order, process by process; documents from before processes had theirs are one line of all. */
function samples({ latency }: ReportDocument, room: number): string | null {
  if (latency === null) return null
  const own = latency.blocks.flatMap(({ samplesMs = [] }) => (samplesMs.length > 0 ? [samplesMs] : []))
  const drawn = sparkline(own.length > 0 ? own : [latency.samplesMs], Math.min(MOST_MARKS, room))
  if (drawn === null) return null
  const { text, perMark, low, high } = drawn
  const range = time(low) === time(high) ? `all at ${time(low)}` : `${time(low)} to ${time(high)}`
  return `${text} ${range}${perMark > 1 ? `; a mark is the median of ${perMark} in order` : ', in order'}`
}

function engine({ engine, tool }: ReportDocument): string | null {
  if (engine === null) return null
  const { threads, threadsInUse } = engine.options
  const chosen =
    typeof threadsInUse === 'number'
      ? `${plural(threadsInUse, 'thread')} (the engine's default)`
      : "the engine's default thread count"
  const used = threads === null ? chosen : plural(threads, 'thread')
  const precision = engine.precision === undefined ? '' : ` in ${engine.precision}`
  const from = engine.from === undefined ? '' : `, from ${engine.from}`
  return `${engine.id} ${engine.version} on ${engine.device}${precision}, ${used}${from}; whyslow ${tool.version}`
}

function model({ model }: ReportDocument): string | null {
  if (model === null) return null
  const opsets = opsetNames(model.opsets)
  const macs = model.macs === null ? 'multiply-adds not known' : `${count(model.macs)} multiply-adds`
  const facts = [model.format, ...opsets, plural(model.nodes, 'node'), `${count(model.parameters)} parameters`, macs]
  return `${model.file} (${bytes(model.sizeBytes)}): ${facts.join(', ')}`
}

/** The standard operators first; exporters list domains by the dozen that no node is of, so more than two others are counted. */
function opsetNames(opsets: Readonly<Record<string, number>>): string[] {
  const isStandard = (domain: string) => domain === '' || domain === 'ai.onnx'
  const entries = Object.entries(opsets)
  const standard = entries.filter(([domain]) => isStandard(domain)).map(([, version]) => `opset ${version}`)
  const others = entries.filter(([domain]) => !isStandard(domain)).map(([domain, version]) => `${domain} ${version}`)
  return [...standard, ...(others.length > 2 ? [`${others.length} other operator sets`] : others)]
}

function inputs({ model }: ReportDocument): string | null {
  if (model === null || model.inputs.length === 0) return null
  return model.inputs
    .map(
      (input) =>
        `${input.name} ${input.dtype} ${input.shape.length === 0 ? 'scalar' : input.shape.join('x')} (${sourceWords(input)})`,
    )
    .join(', ')
}

function labels({ metric }: ReportDocument): string | null {
  if (metric == null) return null
  return `${metric.name} ${metricValue(metric)} on ${plural(metric.rows, 'labelled row')}`
}

function memory({ memory }: ReportDocument): string | null {
  if (memory === null) return null
  const peaks = [
    memory.loadPeakBytes === null ? [] : [`peak while loading ${bytes(memory.loadPeakBytes)}`],
    memory.predictPeakBytes === null ? [] : [`while predicting ${bytes(memory.predictPeakBytes)}`],
  ].flat()
  return [`weights ${bytes(memory.weightsBytes)}`, ...peaks].join(', ')
}

/** What the prediction is made of on a device, and the programs that take longest. */
function device({ device }: ReportDocument): string | null {
  if (device == null) return null
  const { kernelsMs, uploadMs, downloadMs, restMs, nodesOnDevice, nodesOnCpu, programs, operators, bound } = device
  const parts = [
    ...(kernelsMs === null ? ['kernels not known'] : [`kernels ${time(kernelsMs)}`]),
    `inputs to the device ${time(uploadMs)}`,
    `outputs back ${time(downloadMs)}`,
    ...(restMs === null ? [] : [`handing out work and waiting ${time(restMs)}`]),
  ]
  const sides =
    nodesOnDevice === null || nodesOnCpu === null
      ? ''
      : `; ${plural(nodesOnDevice, 'node')} on it, ${nodesOnCpu.length} on the CPU`
  const byOperator = (operators ?? []).slice(0, 4).map(({ opType, nodes, timeMs }) => `${nodes} ${opType} ${time(timeMs)}`)
  const longest = programs.slice(0, 3).map(({ node, program, timeMs }) => `${program} of ${node} ${time(timeMs)}`)
  const kept = bound
    ? `inputs and outputs kept on it: ${time(bound.boundMs)} instead of ${time(bound.copiedMs)} (${percent(bound.ratioLow)} to ${percent(bound.ratioHigh)} of the time)`
    : ''
  return [
    `${parts.join(', ')}${sides}`,
    byOperator.length > 0 ? `kernels by operator: ${byOperator.join(', ')}` : '',
    longest.length > 0 ? `longest: ${longest.join(', ')}` : '',
    kept,
  ]
    .filter((part) => part !== '')
    .join('; ')
}

function machine({ machine }: ReportDocument): string {
  const quota = machine.quotaCpus === null ? '' : ` under a quota of ${Number(machine.quotaCpus.toFixed(2))}`
  const virtual = machine.virtualised ? ', virtual machine' : ''
  // A recording of another tool does not tell them.
  const cpus = machine.usableCpus === null ? '' : `, ${plural(machine.usableCpus, 'usable CPU')}${quota}`
  const memory = machine.memoryBytes === null ? '' : `, ${bytes(machine.memoryBytes)} memory`
  return `${machine.cpu}${cpus}${memory}${virtual}`
}

function sweepLine(sweep: ReportSweep): string {
  const points = sweep.points.map(({ at, p50Ms }) => `${at} → ${time(p50Ms)}`).join(', ')
  const fit = sweep.fit === null ? '' : `; ${time(sweep.fit.fixedMs)} + ${time(sweep.fit.perUnitMs)} per ${singular(sweep.unit)}`
  const name = sweep.dimension === sweep.unit ? sweep.dimension : `${sweep.dimension} (${sweep.unit})`
  return `${name} ${points}${fit}`
}
