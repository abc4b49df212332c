// What it was measured with, what was assumed, what to be warned of.
import { madeUpLines, sourceWords } from '@whyslow/report/text/answers/likeness.ts'
import { bytes, count, known, percent, plural, rate, significant, time } from '../format.ts'
import { Command } from '../kit/copy.tsx'
import { type Fact, Facts, Warnings } from '../kit/facts.tsx'
import { Name } from '../kit/name.tsx'
import type { Report } from '../page-data.ts'
import { callsOf, isOneRun } from '../pipeline/facts.ts'

export function MeasuringConditions({ report }: { report: Report }) {
  const { model, machine, engine, memory, device, trace, pipeline } = report
  return (
    <div class="measured-with">
      <Warnings warnings={report.warnings} />
      <div class="figures two">
        {pipeline && <Facts title="Your code" facts={pipelineFacts(pipeline, report)} />}
        {model !== null && <Facts title={pipeline ? 'The model, measured alone' : 'The model'} facts={modelFacts(model)} />}
        {trace ? (
          <Facts title="The recording" facts={recordingFacts(trace)} />
        ) : (
          <Facts title="The machine" facts={machineFacts(machine)} />
        )}
        {engine !== null && <Facts title="The engine" facts={engineFacts(engine, report.tool.version)} />}
        {memory !== null && <Facts title="Memory" facts={memoryFacts(memory)} />}
        {device != null && <Facts title="The device" facts={deviceFacts(device)} />}
      </div>
      {model !== null && <Assumed model={model} />}
    </div>
  )
}

function modelFacts(model: NonNullable<Report['model']>): Fact[] {
  const shape = (dims: readonly number[] | null) =>
    dims === null ? 'not a tensor' : dims.length === 0 ? 'scalar' : dims.join('×')
  return [
    ['file', model.file],
    ['format', `${model.format}, ${bytes(model.sizeBytes)}`],
    ['made by', known(model.producer, String)],
    ['nodes', count(model.nodes)],
    ['parameters', count(model.parameters)],
    ['multiply-adds', known(model.macs, count)],
    [
      'inputs',
      model.inputs.map((one) => `${one.name} ${one.dtype} ${shape(one.shape)} (${sourceWords(one)})`).join(', ') || 'none',
    ],
    ['outputs', model.outputs.map(({ name, dtype, shape: dims }) => `${name} ${dtype} ${shape(dims)}`).join(', ') || 'none'],
    ['sha256', model.sha256],
  ]
}

const HOW_CALLED: Readonly<Record<string, string>> = {
  stages: 'its stages',
  function: 'a function',
  script: 'run as a script',
}

function pipelineFacts(pipeline: NonNullable<Report['pipeline']>, { latency, tool, engine }: Report): Fact[] {
  const { file, call, kind, runtime, samples, timingOverhead, profilerOverhead, packages } = pipeline
  const fed =
    samples.source === 'none'
      ? 'without samples'
      : `${plural(samples.count, 'sample')} of ${samples.source === 'data' ? '--data' : 'its own'}`
  const added = (share: number | null) =>
    known(share, (one) => (one < 0.001 ? 'nothing measurable' : `${significant(one * 100, 2)} %`))
  const installed = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return [
    ['file', file],
    ['called', call === null ? (HOW_CALLED[kind] ?? kind) : `${call}()`],
    ['runtime', `${runtime.name} ${runtime.version}, ${runtime.executable}`],
    ['measured', `${callsOf(pipeline, latency?.samplesMs.length ?? 0)}, ${fed}`],
    ['timing the stages added', added(timingOverhead)],
    [
      isOneRun(pipeline) ? 'the profiler added, in the times' : 'the profiler added, in a run of its own',
      added(profilerOverhead),
    ],
    ['packages', installed.join(', ') || null],
    // With a model it stands by the engine.
    ['whyslow', engine === null ? tool.version : null],
  ]
}

/** Facts of a recording. Of the machine that recorded, the file names the devices at most. */
function recordingFacts(trace: NonNullable<Report['trace']>): Fact[] {
  const { format, version, recognisedBy, recordedWith, windowMs, steps, leftOut, devices, otherDevices } = trace
  return [
    ['format', version === null ? format : `${format} ${version}`],
    ['recognised by', recognisedBy],
    ['also recorded', recordedWith.join(', ') || 'nothing'],
    ['window', known(windowMs, time)],
    ['steps', known(steps, String)],
    ['left out', leftOut.join(', ') || null],
    [
      'devices',
      devices.map(({ name, memoryBytes }) => (memoryBytes === null ? name : `${name}, ${bytes(memoryBytes)}`)).join('; ') ||
        'none recorded',
    ],
    [
      'other devices',
      otherDevices.map(({ name, deviceBusyShare }) => `${name} busy ${percent(deviceBusyShare)}`).join('; ') || null,
    ],
    ['processor', 'not in the recording'],
  ]
}

function machineFacts(machine: Report['machine']): Fact[] {
  const [roofs] = machine.roofs
  const quota = machine.quotaCpus === null ? '' : `, under a quota of ${Number(machine.quotaCpus.toFixed(2))}`
  const rates = Object.entries(roofs?.flopsPerSecond ?? {}).map(([dtype, value]) => `${dtype} ${rate(value, 'FLOP')}`)
  const levels = Object.entries(roofs?.bytesPerSecond ?? {}).map(
    ([level, value]) => `${level} ${known(value, (one) => rate(one, 'B'))}`,
  )
  return [
    ['processor', machine.cpu],
    ['CPUs', known(machine.usableCpus, (one) => `${one} usable${quota}${machine.virtualised ? ', virtual machine' : ''}`)],
    ['memory', known(machine.memoryBytes, bytes)],
    ['instruction sets', machine.isa.join(', ') || null],
    ['accelerators', machine.accelerators.join(', ') || 'none'],
    ['measured arithmetic', roofs === undefined ? 'not measured' : rates.join(', ')],
    ['measured bandwidth', roofs === undefined ? 'not measured' : levels.join(', ')],
  ]
}

function engineFacts({ id, version, device, precision, options }: NonNullable<Report['engine']>, tool: string): Fact[] {
  const { threads, threadsInUse, configEntries, ...rest } = options
  const used = threads ?? (typeof threadsInUse === 'number' ? threadsInUse : null)
  const others = Object.entries({ ...rest, ...(configEntries as object) }).map(([name, value]) => `${name} ${String(value)}`)
  return [
    ['engine', `${id} ${version} on ${device}${precision === undefined ? '' : ` in ${precision}`}`],
    ['threads', used === null ? 'the engine’s default' : `${used}${threads === null ? ' (the engine’s default)' : ''}`],
    ['options', others.join(', ') || null],
    ['whyslow', tool],
  ]
}

function memoryFacts({
  weightsBytes,
  loadPeakBytes,
  predictPeakBytes,
  keptBytes,
  limitBytes,
}: NonNullable<Report['memory']>): Fact[] {
  return [
    ['weights', bytes(weightsBytes)],
    ['peak while loading', known(loadPeakBytes, bytes)],
    ['peak while predicting', known(predictPeakBytes, bytes)],
    ['kept between predictions', keptBytes === undefined ? null : known(keptBytes, bytes)],
    ['limit', limitBytes == null ? null : bytes(limitBytes)],
  ]
}

function deviceFacts({
  kernelsMs,
  uploadMs,
  downloadMs,
  restMs,
  nodesOnDevice,
  nodesOnCpu,
  bound,
}: NonNullable<Report['device']>): Fact[] {
  return [
    ['kernels', known(kernelsMs, time)],
    ['inputs to the device', time(uploadMs)],
    ['outputs back', time(downloadMs)],
    ['handing out work, waiting', known(restMs, time)],
    ['on the device', known(nodesOnDevice, (many) => plural(many, 'node'))],
    ['on the CPU', known(nodesOnCpu, (nodes) => plural(nodes.length, 'node'))],
    [
      'tensors kept on it',
      bound
        ? `${time(bound.boundMs)} instead of ${time(bound.copiedMs)} (${percent(bound.ratioLow)}–${percent(bound.ratioHigh)} of the time)`
        : null,
    ],
  ]
}

function Assumed({ model }: { model: NonNullable<Report['model']> }) {
  const assumed = model.inputs.flatMap(({ name, assumptions = [], shape }) => assumptions.map((one) => ({ name, shape, ...one })))
  const synthetic = model.inputs.filter(({ source }) => source === 'synthetic')
  if (assumed.length + synthetic.length === 0) return null
  return (
    <div class="card">
      <h3>What was assumed</h3>
      <ul>
        {assumed.map(({ name, text, flag, shape }) => (
          <li key={`${name} ${text}`}>
            <Name text={name} most={60} />: {text}. To change it:{' '}
            <code>{flag === '--batch' ? '--batch N' : `${flag} ${name}=${shape.join('x')}`}</code>
          </li>
        ))}
        {madeUpLines(model.inputs).map((line) => (
          <li key={line}>{line}</li>
        ))}
        {synthetic.length > 0 && <li>To measure with your own: </li>}
      </ul>
      {synthetic.length > 0 && <Command text={`npx whyslow ${model.file} --data inputs.npz`} />}
    </div>
  )
}
