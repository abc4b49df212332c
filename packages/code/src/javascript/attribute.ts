// From V8's profile to lines of the user's code. V8 knows the line of a leaf alone (`positionTicks`, counted from 1, of the newest code of a
// function), and of a native call the line that made it; time in packages is the line's that calls into them, found by the callee's name in
// the source. Weights are the deltas that were measured, never a count times the interval; collections hang under the root and belong to no
// line. (docs/pipeline.md says what that means for the reader.)
import { fileURLToPath } from 'node:url'
import type { LineFact } from '../facts.ts'
import type { Stacks } from '../protocol.ts'
import type { CpuProfile, ProfileNode, RawProfile } from './cpu-profile.ts'
import type { FunctionRange } from './source.ts'
import { displayPath, type UserFile } from './user-files.ts'

export interface AttributedLines {
  readonly lines: readonly LineFact[]
  readonly stacks: Stacks
  readonly samples: number
  /** Time of each stage in native code, waiting and in garbage collection, ms per prediction. */
  readonly stages: readonly { readonly nativeMs: number; readonly waitMs: number; readonly gcMs: number }[]
}

/** Lines kept in the evidence, hottest first. */
const MOST_LINES = 400

interface Frame {
  readonly node: ProfileNode
  readonly parent: Frame | null
  /** Absolute; null: not a file of the user's. */
  readonly file: string | null
  readonly isNative: boolean
}

/** `isUsers`: says of an absolute path whether it is a file of the user's own. */
export function attribute(
  raw: RawProfile,
  files: readonly UserFile[],
  isUsers: (file: string) => boolean,
  stages: readonly string[],
): AttributedLines {
  return new Attribution(raw, files, isUsers, stages).run()
}

interface LineSums {
  file: string
  line: number
  function: string | null
  selfMs: number
  totalMs: number
  nativeMs: number
  byStage: number[]
}

class Attribution {
  private readonly frames = new Map<number, Frame>()
  private readonly sums = new Map<string, LineSums>()
  private readonly functions: ReadonlyMap<string, readonly FunctionRange[]>
  private readonly spans: readonly { readonly start: number; readonly end: number; readonly stage: number }[]

  private readonly raw: RawProfile
  private readonly isUsers: (file: string) => boolean
  private readonly stageNames: readonly string[]

  constructor(raw: RawProfile, files: readonly UserFile[], isUsers: (file: string) => boolean, stageNames: readonly string[]) {
    this.raw = raw
    this.isUsers = isUsers
    this.stageNames = stageNames
    this.functions = new Map(files.map(({ path, source }) => [path, source.functions]))
    const spans = raw.intervalsUs.flatMap((of, stage) => of.map(([start, end]) => ({ start, end, stage })))
    this.spans = spans.sort((a, b) => a.start - b.start)
    this.link(raw.profile)
  }

  private link({ nodes }: CpuProfile): void {
    const byId = new Map(nodes.map((node) => [node.id, node]))
    const visit = (node: ProfileNode, parent: Frame | null) => {
      const { url, lineNumber } = node.callFrame
      const path = url.startsWith('file:') ? fileURLToPath(url) : url
      const file = path !== '' && /^([/\\]|[A-Z]:)/.test(path) && this.isUsers(path) ? path : null
      const frame: Frame = { node, parent, file, isNative: url === '' && lineNumber < 0 }
      this.frames.set(node.id, frame)
      for (const child of node.children ?? []) visit(byId.get(child)!, frame)
    }
    const children = new Set(nodes.flatMap((node) => node.children ?? []))
    for (const node of nodes) if (!children.has(node.id)) visit(node, null)
  }

  run(): AttributedLines {
    const { profile, predictions } = this.raw
    const perPrediction = 1 / Math.max(1, predictions)
    const stages = this.stageNames.map(() => ({ nativeMs: 0, waitMs: 0, gcMs: 0 }))
    const stacks = new StackTable()
    let time = profile.startTime
    let looks = 0
    for (const [at, id] of profile.samples.entries()) {
      const delta = Math.max(0, profile.timeDeltas[at] ?? 0)
      time += delta
      const stage = this.spans.length === 0 ? -1 : this.stageAt(time)
      if (this.spans.length > 0 && stage < 0) continue
      const frame = this.frames.get(id)
      if (frame === undefined) continue
      looks++
      const ms = (delta / 1000) * perPrediction
      stacks.add(chainOf(frame), ms)
      this.addSample(frame, ms, stage)
      const name = frame.node.callFrame.functionName
      const sums = stages[stage]
      if (sums === undefined) continue
      if (name === '(idle)') sums.waitMs += ms
      else if (name === '(garbage collector)') sums.gcMs += ms
      else if (name === '(program)' || frame.isNative) sums.nativeMs += ms
    }
    return { lines: this.lines(), stacks: stacks.told(), samples: looks, stages }
  }

  private stageAt(time: number): number {
    let [low, high] = [0, this.spans.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.spans[middle]!.end >= time) high = middle
      else low = middle + 1
    }
    const span = this.spans[low]
    return span !== undefined && span.start <= time ? span.stage : -1
  }

  private addSample(leaf: Frame, ms: number, stage: number): void {
    let below: Frame | null = null
    let isFirst = true
    const seen = new Set<string>()
    for (let frame: Frame | null = leaf; frame !== null; below = frame, frame = frame.parent) {
      if (frame.file === null) continue
      for (const [line, share] of this.linesOf(frame, below)) {
        const sums = this.sumsOf(frame, line)
        const key = `${frame.file}:${line}`
        if (isFirst) {
          sums.selfMs += ms * share
          if (leaf.isNative) sums.nativeMs += ms * share
          if (stage >= 0) sums.byStage[stage] = (sums.byStage[stage] ?? 0) + ms * share
        }
        // Recursion counts once.
        if (!seen.has(key)) sums.totalMs += ms * share
        seen.add(key)
      }
      isFirst = false
    }
  }

  /** The lines of a frame that a sample belongs to, with shares that add up to 1. */
  private linesOf(frame: Frame, below: Frame | null): readonly (readonly [number, number])[] {
    const { callFrame } = frame.node
    const first = callFrame.lineNumber + 1
    if (below === null) return this.ownTicks(frame) ?? [[first, 1]]
    if (below.isNative) {
      const lines = ticked(below.node)
      if (lines !== null) return lines
    }
    const calls = this.functionAt(frame)?.calls.get(lastName(below.node.callFrame.functionName)) ?? []
    if (calls.length > 0) return calls.map((line) => [line, 1 / calls.length] as const)
    return this.ownTicks(frame) ?? [[first, 1]]
  }

  /**
   * Ticks of the function's lines. Those of a function that was inlined bear its lines: where it stands in the same file they are kept, else
   * they are shared out among the function's own.
   */
  private ownTicks(frame: Frame): (readonly [number, number])[] | null {
    const range = this.functionAt(frame)
    const all = ticked(frame.node)
    if (all === null || range === undefined) return all
    const called = (this.functions.get(frame.file!) ?? []).filter(({ name }) => name !== null && range.calls.has(name))
    const known = all.filter(([line]) => [range, ...called].some((one) => one.line <= line && line <= one.endLine))
    const total = known.reduce((sum, [, share]) => sum + share, 0)
    return total === 0 ? null : known.map(([line, share]) => [line, share / total] as const)
  }

  private functionAt({ file, node }: Frame): FunctionRange | undefined {
    const line = node.callFrame.lineNumber + 1
    const all = (this.functions.get(file!) ?? []).filter((one) => one.line <= line && one.endLine >= line)
    return all.sort((a, b) => b.line - a.line)[0]
  }

  private sumsOf({ file, node }: Frame, line: number): LineSums {
    const key = `${file}:${line}`
    let found = this.sums.get(key)
    if (found === undefined) {
      const name = node.callFrame.functionName
      found = {
        file: file!,
        line,
        function: name === '' || name.startsWith('(') ? null : lastName(name),
        selfMs: 0,
        totalMs: 0,
        nativeMs: 0,
        byStage: [],
      }
      this.sums.set(key, found)
    }
    return found
  }

  private lines(): LineFact[] {
    const all = [...this.sums.values()].sort((a, b) => b.selfMs - a.selfMs || b.totalMs - a.totalMs).slice(0, MOST_LINES)
    return all.map(({ file, byStage, ...one }) => {
      const most = byStage.reduce((best, ms, at) => (ms > (byStage[best] ?? 0) ? at : best), 0)
      return {
        ...one,
        file: displayPath(file),
        waitMs: null,
        stage: byStage.length === 0 ? null : (this.stageNames[most] ?? null),
      }
    })
  }
}

function ticked({ positionTicks }: ProfileNode): (readonly [number, number])[] | null {
  const all = (positionTicks ?? []).filter(({ line }) => line > 0)
  const total = all.reduce((sum, { ticks }) => sum + ticks, 0)
  return total === 0 ? null : all.map(({ line, ticks }) => [line, ticks / total] as const)
}

const lastName = (name: string): string => name.split('.').at(-1)!

function chainOf(frame: Frame): Frame[] {
  const chain: Frame[] = []
  for (let at: Frame | null = frame; at !== null; at = at.parent) chain.push(at)
  return chain.reverse()
}

/** Frames once, stacks as indices. */
class StackTable {
  private readonly byKey = new Map<string, number>()
  private readonly frames: { name: string; file: string | null; line: number | null }[] = []
  private readonly stacks = new Map<string, { frames: number[]; ms: number }>()

  add(chain: readonly Frame[], ms: number): void {
    const frames = chain.slice(1).map((frame) => this.frame(frame))
    const key = frames.join(' ')
    const known = this.stacks.get(key)
    if (known === undefined) this.stacks.set(key, { frames, ms })
    else known.ms += ms
  }

  private frame({ node }: Frame): number {
    const { functionName, url, lineNumber } = node.callFrame
    const file = url === '' ? null : url.startsWith('file:') ? displayPath(fileURLToPath(url)) : url
    const key = `${functionName} ${url}:${lineNumber}`
    let at = this.byKey.get(key)
    if (at === undefined) {
      at = this.frames.push({ name: functionName || '(anonymous)', file, line: lineNumber < 0 ? null : lineNumber + 1 }) - 1
      this.byKey.set(key, at)
    }
    return at
  }

  told(): Stacks {
    const all = [...this.stacks.values()]
    return { frames: this.frames, samples: all.map(({ frames }) => frames), weightsMs: all.map(({ ms }) => ms) }
  }
}
