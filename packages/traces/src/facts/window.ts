// The stretch of a recording that is judged: its steps without the first, where it is a warm-up, and without the last, whose kernels
// may be cut; the whole, where no steps are marked.
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Timeline } from '../recordings/recording.ts'
import { busiestTrack, byName, byStart, endOf, eventsOf, filterEvents } from './events.ts'
import { isStepName } from './names.ts'

export interface Step {
  readonly name: string
  readonly startUs: number
  readonly endUs: number
}

export interface Steps {
  readonly kept: readonly Step[]
  /** Marked, in order, kept or not. */
  readonly all: readonly Step[]
  readonly leftOut: readonly string[]
  /** The thread that marked them. */
  readonly thread: number | undefined
}

/** A first step that differs from the others by more is a warm-up, or began before the recording. [ours] */
const UNLIKE = 1.2
/** A last step of less than this of the others is a stump. [ours] */
const STUMP = 0.5

/** The marked steps of a recording; undefined if none are. */
export function stepsOf(timeline: Timeline): Steps | undefined {
  const { steps: all, thread } = markedSteps(timeline)
  if (all.length === 0) return undefined
  const lengths = all.map(({ startUs, endUs }) => endUs - startUs)
  const leftOut: string[] = []
  let [from, to] = [0, all.length]
  const isCut = all.length >= 3 || (all.length === 2 && lengths[1]! < STUMP * lengths[0]!)
  if (isCut) {
    to--
    leftOut.push(`the last step (${all[to]!.name}), whose kernels may be cut`)
  }
  if (all.length >= 3) {
    const typical = median(lengths.slice(1, Math.max(2, to)))
    if (lengths[0]! > UNLIKE * typical || lengths[0]! < typical / UNLIKE) {
      from++
      const ratio = (lengths[0]! / typical).toFixed(1)
      leftOut.push(`the first step (${all[0]!.name}), which is unlike the others: ${ratio} times as long`)
    }
  }
  return from < to ? { all, thread, kept: all.slice(from, to), leftOut } : { all, thread, kept: all, leftOut: [] }
}

function markedSteps(timeline: Timeline): { steps: Step[]; thread: number | undefined } {
  const { name, track, names, detail, details } = timeline
  const numberOf = (event: number): number | undefined => details[detail[event]!]!.step
  const isRun = byName(timeline, (one) => one === 'model_run')
  const isStep = byName(timeline, isStepName)
  const runs = filterEvents(eventsOf(timeline, 'session'), (event) => isRun(name[event]!))
  const marked =
    runs.length > 0
      ? runs
      : filterEvents(eventsOf(timeline, 'annotation', 'slice'), (event) => numberOf(event) !== undefined || isStep(name[event]!))
  // PyTorch's own marks before what a program calls its steps.
  const isOwn = byName(timeline, (one) => one.startsWith('ProfilerStep#'))
  const own = filterEvents(marked, (event) => isOwn(name[event]!))
  const chosen = own.length > 0 ? own : marked
  const thread = busiestTrack(timeline, chosen, () => 1)
  const sorted = byStart(
    timeline,
    filterEvents(chosen, (event) => track[event] === thread),
  )
  const steps: Step[] = []
  for (const event of sorted) {
    const startUs = timeline.startUs[event]!
    const before = steps.at(-1)
    if (before !== undefined && startUs < before.endUs - 1) continue
    const text = names[name[event]!]!
    const number = numberOf(event) ?? steps.length + 1
    steps.push({ name: /\d/.test(text) ? text : `${text} ${number}`, startUs, endUs: endOf(timeline, event) })
  }
  return { steps, thread }
}
