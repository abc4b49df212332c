// A recording -> what is worked out of it. Pure: the same recording gives the same facts.
import type { Recording, Timeline, TimelineRecording, TokenRecording } from '../recordings/recording.ts'
import { callersOf } from './callers.ts'
import { recordedCalls } from './calls.ts'
import { deviceFacts, hostSets, launchFacts } from './device-facts.ts'
import { devicesOf, hostRange, launchIndex, selectJudgedWork, workSets } from './device-work.ts'
import { busiestTrack, eventsOf } from './events.ts'
import type { OperatorRow, TraceFacts, TraceWindow } from './facts.ts'
import { functionFacts } from './function-facts.ts'
import { hostFacts, shapeFacts, trainingFacts } from './host-facts.ts'
import { deviceRows, hostRows, matrixFacts } from './operator-rows.ts'
import { tokenFacts } from './token-facts.ts'
import { type Steps, stepsOf } from './window.ts'

const NO_DEVICE = 'the file has no rows of a device'
const NO_LAUNCHES = 'the file does not join calls on the host with work on the device'
const NO_SHAPES = 'recorded without shapes'
const NO_STEPS = 'no steps are marked'
const NO_MEMORY = 'recorded without memory'
/** How PyTorch records what is missing. */
const WITH_PYTORCH: Readonly<Record<string, string>> = {
  [NO_DEVICE]: 'record with ProfilerActivity.CUDA where the model runs on one',
  [NO_LAUNCHES]: 'record both: activities=[CPU, CUDA]',
  [NO_SHAPES]: 'record with record_shapes=True',
  [NO_STEPS]: 'record with a schedule and call prof.step() after each prediction',
  [NO_MEMORY]: 'record with profile_memory=True',
}
const NO_HOST = 'the file has no events of the host'
const NO_TIMELINE = 'this format has no timeline of a device; record a trace with the framework’s own profiler'

/** `calls`: with the operators of a step in their order, for who joins them with a model. */
export function factsOf(recording: Recording, asked: { readonly calls?: boolean } = {}): TraceFacts {
  if (recording.kind === 'timeline') return timelineFacts(recording, asked.calls === true)
  if (recording.kind === 'tokens') return requestFacts(recording)
  const { format, version, recognisedBy, recordedWith, devices, slowed, warnings } = recording
  // Counts of samples hold no time: shares of 1.
  const isUntimed = recording.kind === 'functions' && recording.functions.totalMs === null
  const totalMs =
    recording.kind === 'functions'
      ? (recording.functions.totalMs ?? 1)
      : recording.table.of === 'prediction'
        ? recording.table.rows.reduce((sum, { timeMs }) => sum + timeMs, 0)
        : 0
  const reasons = Object.fromEntries(PARTS.map((part) => [part, NO_TIMELINE]))
  return {
    ...{ format, version, recognisedBy, recordedWith, devices, slowed },
    warnings: [...warnings, ...(isUntimed ? ['the file counts samples and holds no times: times are shares of 1'] : [])],
    window: { lengthMs: totalMs, steps: null, stepMs: totalMs, leftOut: [] },
    ...{ shares: null, otherDevices: [], device: null, launches: null, host: null, matrix: null, training: null, shapes: null },
    ...{ memory: null, tracing: null, operators: [] },
    functions: recording.kind === 'functions' ? functionFacts(recording.functions) : null,
    table: recording.kind === 'table' ? recording.table : null,
    tokens: null,
    ...(asked.calls ? { calls: 'this format does not record which operator was called after which' } : {}),
    missing: reasons,
  }
}

const NO_PARTS = 'the file has times of requests only; record the engine with its own profiler'

/** Facts of requests: a step is one of them. */
function requestFacts(recording: TokenRecording): TraceFacts {
  const { format, version, recognisedBy, recordedWith, devices, slowed, warnings } = recording
  const { facts, requestMs } = tokenFacts(recording.requests)
  const byChunks =
    facts.tokensPerChunk === null || facts.tokensPerChunk < SEVERAL
      ? []
      : [`a piece of an answer holds ${facts.tokensPerChunk.toFixed(1)} tokens: gaps between pieces are not times of tokens`]
  return {
    ...{ format, version, recognisedBy, recordedWith, devices, slowed },
    warnings: [...warnings, ...byChunks],
    window: { lengthMs: requestMs * facts.requests, steps: facts.requests, stepMs: requestMs, leftOut: [] },
    ...{ shares: null, otherDevices: [], device: null, launches: null, host: null, matrix: null, training: null, shapes: null },
    ...{ memory: null, tracing: null, operators: [], functions: null, table: null },
    tokens: facts,
    missing: Object.fromEntries(PARTS.map((part) => [part, NO_PARTS])),
  }
}

/** Tokens in a piece of an answer: below, some pieces are empty or two tokens made one letter. */
const SEVERAL = 1.2

const PARTS = ['device', 'launches', 'host', 'matrix', 'training', 'shapes', 'memory', 'tracing'] as const

function timelineFacts(recording: TimelineRecording, withCalls: boolean): TraceFacts {
  const { format, version, recognisedBy, recordedWith, slowed, timeline, memory } = recording
  const steps = stepsOf(timeline)
  const launches = launchIndex(timeline)
  const { devices, outside } = devicesOf(timeline)
  const [work] = devices
  const thread = mainThread(timeline, steps)
  const judged = work === undefined ? undefined : selectJudgedWork(timeline, work, steps, launches)
  // Of a device that did nothing in the window, what the host did.
  const ran = judged !== undefined && judged.events.length > 0 ? judged : undefined
  const [fromUs, toUs] = judged ? [judged.fromUs, judged.toUs] : hostWindow(timeline, steps)
  const window = windowOf(steps, fromUs, toUs)
  const sets = judged && workSets(timeline, judged.events, fromUs, toUs)
  const busy = sets?.busy
  const own = thread === undefined ? undefined : hostSets(timeline, thread, { fromUs, toUs }, busy === undefined)
  const context = work && judged && sets && { timeline, work, judged, launches, sets, host: own }
  const host = thread === undefined || own === undefined ? null : { timeline, thread, fromUs, toUs, sets: own, busy }
  const device = context === undefined ? null : deviceFacts(context)
  const callers = callersOf(timeline, judged?.events ?? new Uint32Array(0), launches)
  const runs = steps?.kept.map(({ startUs, endUs }) => [startUs, endUs] as const) ?? [[fromUs, toUs] as const]
  const marked = steps !== undefined
  // Of PyTorch one thread calls the operators; other frameworks hand them to a pool of threads.
  const callerThread = format === 'pytorch' ? thread : undefined
  const outsiders = outside > 0 ? [`${outside} events of the device lie outside the recording and are left out`] : []
  const facts = {
    device,
    launches: context === undefined ? null : launchFacts(context),
    host: host && hostFacts(host),
    matrix: judged === undefined ? null : matrixFacts(timeline, judged, callers),
    training: host && trainingFacts(host),
    shapes: host && shapeFacts(host, steps),
    memory,
    tracing: tracingFacts(recording),
  }
  return {
    ...{ format, version, recognisedBy, recordedWith, devices: recording.devices, slowed, window },
    warnings: [...recording.warnings, ...outsiders],
    shares: work?.shares ?? null,
    otherDevices: devices.slice(1).map((one) => ({ name: one.name, shares: one.shares })),
    ...facts,
    operators: ran === undefined ? rowsOfHost(timeline, fromUs, toUs) : deviceRows(timeline, ran, callers),
    ...{ functions: null, table: null, tokens: null },
    ...(withCalls ? { calls: recordedCalls({ timeline, runs, marked, judged: ran, callers, thread: callerThread }) } : {}),
    missing: reasonsOf(facts, steps, format),
  }
}

function tracingFacts({ tracing }: TimelineRecording): TraceFacts['tracing'] {
  if (tracing == null) return null
  const { calls, expensiveCalls, totalUs, expensiveUs } = tracing
  return { calls, expensiveCalls, expensive: totalUs > 0 ? expensiveUs / totalUs : 0 }
}

function rowsOfHost(timeline: Timeline, fromUs: number, toUs: number): OperatorRow[] {
  for (const kind of ['node', 'op', 'slice', 'python'] as const) {
    const rows = hostRows(timeline, kind, fromUs, toUs)
    if (rows.length > 0) return rows
  }
  return []
}

/** The thread that launches work, or runs the steps, or the one with most operators. */
function mainThread(timeline: Timeline, steps: Steps | undefined): number | undefined {
  const weigh = (event: number): number => timeline.durationUs[event]!
  const launches = eventsOf(timeline, 'launch')
  if (launches.length > 0) return busiestTrack(timeline, launches, () => 1)
  if (steps?.thread !== undefined) return steps.thread
  const operators = eventsOf(timeline, 'op', 'node')
  if (operators.length > 0) return busiestTrack(timeline, operators, weigh)
  return busiestTrack(timeline, eventsOf(timeline, 'session', 'annotation', 'slice', 'python'), weigh)
}

function hostWindow(timeline: Timeline, steps: Steps | undefined): [number, number] {
  if (steps !== undefined) return [steps.kept[0]!.startUs, steps.kept.at(-1)!.endUs]
  const [low, high] = hostRange(timeline)
  return high > low ? [low, high] : [0, 0]
}

function windowOf(steps: Steps | undefined, fromUs: number, toUs: number): TraceWindow {
  const lengthMs = (toUs - fromUs) / 1000
  const count = steps?.kept.length ?? null
  return { lengthMs, steps: count, stepMs: lengthMs / (count ?? 1), leftOut: steps?.leftOut ?? [] }
}

function reasonsOf(
  facts: Pick<TraceFacts, 'device' | 'launches' | 'host' | 'matrix' | 'training' | 'shapes' | 'memory'>,
  steps: Steps | undefined,
  format: TraceFacts['format'],
): Record<string, string> {
  const reasons: readonly (readonly [keyof typeof facts, string])[] = [
    ['device', NO_DEVICE],
    ['launches', facts.device === null ? NO_DEVICE : NO_LAUNCHES],
    ['host', NO_HOST],
    ['matrix', facts.device === null ? NO_DEVICE : 'the device computed no matrix products and no convolutions'],
    ['training', 'the file has no operators'],
    ['shapes', steps === undefined || steps.all.length < 2 ? NO_STEPS : NO_SHAPES],
    ['memory', NO_MEMORY],
  ]
  const told = (reason: string): string =>
    format === 'pytorch' && WITH_PYTORCH[reason] !== undefined ? `${reason}; ${WITH_PYTORCH[reason]}` : reason
  return Object.fromEntries(reasons.filter(([key]) => facts[key] === null).map(([key, reason]) => [key, told(reason)]))
}
