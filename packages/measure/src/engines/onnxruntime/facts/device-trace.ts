// What onnxruntime's profile says of a device: kernels by the device's own clock, nodes that ran on the CPU instead, and the copies
// between both. Events of category Api are the device's, named node&operator&program (onnxruntime/core/providers/webgpu/
// webgpu_context.cc); they need timestamp queries. Node events give the CPU's side: for nodes of the device what handing them over took,
// for nodes of the CPU their work, for copies to the host the wait for the device as well.
// With timestamps each dispatch ends its pass, so the kernels' sum is at most a little above what it is unprofiled.
/** One program that the device ran for a node, per prediction. */
export interface DeviceProgram {
  readonly node: string
  readonly opType: string
  readonly program: string
  readonly timeMs: number
  readonly runs: number
}

/** A node on the CPU's side, ms per prediction. */
export interface DeviceNode {
  readonly name: string
  readonly opType: string
  readonly timeMs: number
}

export interface RawEvent {
  readonly cat: string
  readonly name: string
  readonly ts: number
  readonly dur: number
  readonly args: Readonly<Record<string, unknown>>
}

export interface DeviceTrace {
  /** Per prediction, ms; null if the device gave no times. */
  readonly kernelsMs: number | null
  /** Longest first. */
  readonly programs: readonly DeviceProgram[]
  readonly deviceNodes: number
  /** Nodes that the device's provider did not take. */
  readonly cpuNodes: readonly DeviceNode[]
  /** Copies that the engine put between nodes. */
  readonly copies: readonly DeviceNode[]
  readonly predictions: number
}

const SUFFIX = '_kernel_time'
const CPU = 'CPUExecutionProvider'

/** `warmup`: predictions at the start that do not count: they compile shaders. */
export function readDeviceTrace(events: readonly RawEvent[], warmup: number): DeviceTrace {
  const runs = events.filter(({ cat, name }) => cat === 'Session' && name === 'model_run').sort((a, b) => a.ts - b.ts)
  const counted = runs.slice(warmup)
  const start = counted[0]?.ts ?? Number.POSITIVE_INFINITY
  const predictions = Math.max(1, counted.length)
  const after = events.filter(({ ts }) => ts >= start)
  const nodes = after.filter(({ cat, name }) => cat === 'Node' && name.endsWith(SUFFIX))
  const isCopy = ({ args }: RawEvent) => /^Memcpy(To|From)Host$/.test(String(args.op_name))
  const perPrediction = (those: readonly RawEvent[]): DeviceNode[] =>
    grouped(those, ({ name }) => name.slice(0, -SUFFIX.length)).map(([name, group]) => ({
      name,
      opType: String(group[0]!.args.op_name),
      timeMs: sumMs(group) / predictions,
    }))
  // Of all predictions: the device's clock may run apart from the CPU's, so the warm-up is told by place in line, not by time.
  const launched = events.filter(({ cat }) => cat === 'Api').sort((a, b) => a.ts - b.ts)
  const perRun = launched.length / Math.max(1, runs.length)
  const warm = launched.slice(Math.round(perRun * warmup))
  const programs = grouped(warm, ({ name }) => name).map(([name, group]): DeviceProgram => {
    const [node = name, opType = '', program = ''] = name.split('&')
    return { node, opType, program, timeMs: sumMs(group) / predictions, runs: group.length / predictions }
  })
  return {
    kernelsMs: warm.length === 0 ? null : sumMs(warm) / predictions,
    programs: programs.sort((a, b) => b.timeMs - a.timeMs),
    deviceNodes: new Set(
      nodes
        .filter(({ args }) => args.provider !== CPU)
        .filter((e) => !isCopy(e))
        .map(({ name }) => name),
    ).size,
    cpuNodes: perPrediction(nodes.filter((event) => event.args.provider === CPU && !isCopy(event))),
    copies: perPrediction(nodes.filter(isCopy)),
    predictions,
  }
}

const sumMs = (events: readonly RawEvent[]): number => events.reduce((sum, { dur }) => sum + dur, 0) / 1000

function grouped<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return [...groups]
}
