// V8's CPU profile (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile), as node --cpu-prof and Chrome write it:
// a tree of nodes, the node of each sample, and µs from one sample to the next.
import { fieldsOf, textOrNull } from '@whyslow/graph/json.ts'
import { type Frame, StackTally } from './frames.ts'
import type { Head, TraceReader } from './reader.ts'
import type { Recording } from './recording.ts'
import { damageError, listOf, numberOf, readObject } from './small-json.ts'
import type { TraceSource } from './source.ts'

function recognises({ kind, keys, text }: Head): string | undefined {
  if (kind !== 'object' || !keys.includes('nodes')) return undefined
  return keys.includes('samples') || keys.includes('timeDeltas') || /"callFrame"\s*:/.test(text)
    ? 'its members nodes and callFrame'
    : undefined
}

interface Node {
  readonly frame: Frame
  readonly parent: number | undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const profile = await readObject(source)
  const nodes = nodesOf(profile.nodes)
  const samples = listOf(profile.samples)
  const deltas = listOf(profile.timeDeltas)
  if (nodes.size === 0 || samples.length === 0) throw damageError(source.file, 'no nodes or no samples')
  const tally = new StackTally()
  const stacks = new Map<number, Frame[]>()
  for (const [at, sample] of samples.entries()) {
    const id = numberOf(sample, -1)
    const stack = stacks.get(id) ?? stackOf(source.file, nodes, id)
    stacks.set(id, stack)
    // Clocks of threads differ by a little: what would be negative is nothing.
    tally.add(stack, deltas.length === 0 ? 1 : Math.max(0, numberOf(deltas[at])))
  }
  if (tally.whole === 0) throw damageError(source.file, 'its samples took no time')
  return {
    ...{
      kind: 'functions',
      format: 'cpuprofile',
      version: null,
      recognisedBy,
      recordedWith: ['stacks'],
      devices: [],
      slowed: false,
      warnings: [],
    },
    functions: tally.times({ how: 'samples', totalMs: deltas.length === 0 ? null : tally.whole / 1000, samples: samples.length }),
  }
}

function nodesOf(value: unknown): Map<number, Node> {
  const nodes = new Map<number, { frame: Frame; parent: number | undefined }>()
  const children: [child: number, parent: number][] = []
  for (const one of listOf(value)) {
    const { id, callFrame, parent, children: own } = fieldsOf(one)
    const { functionName, url, lineNumber } = fieldsOf(callFrame)
    const line = typeof lineNumber === 'number' && lineNumber >= 0 ? lineNumber + 1 : null
    const frame = { name: textOrNull(functionName) ?? '(anonymous)', file: textOrNull(url), line }
    nodes.set(numberOf(id, -1), { frame, parent: typeof parent === 'number' ? parent : undefined })
    for (const child of listOf(own)) children.push([numberOf(child, -1), numberOf(id, -1)])
  }
  for (const [child, parent] of children) {
    const node = nodes.get(child)
    if (node !== undefined) node.parent = parent
  }
  return nodes
}

/** Outermost first, without the root. */
function stackOf(file: string, nodes: ReadonlyMap<number, Node>, id: number): Frame[] {
  const stack: Frame[] = []
  for (let at: number | undefined = id; at !== undefined; at = nodes.get(at)?.parent) {
    const node = nodes.get(at)
    if (node === undefined) throw damageError(file, `sample of node ${at}, which is not there`)
    if (node.parent !== undefined || stack.length === 0) stack.push(node.frame)
    if (stack.length > 100_000) throw damageError(file, 'nodes in a circle')
  }
  return stack.reverse()
}

export const cpuprofile: TraceReader = { id: 'cpuprofile', title: 'V8 CPU profile', recognises, read }
