// Which operator caused an event of the device. Files say it by an id; older ones write the launch's own id in its place, of which every
// operator would be a wrong one: there, the operator is the innermost that was open on the launching thread.
import { kindCode, type Timeline } from '../recordings/recording.ts'
import { byStart, endOf, eventsOf } from './events.ts'
import { IdIndex } from './id-index.ts'

/** Maps an event of the device to its operator's event; -1: not known. */
export type Callers = (event: number) => number

export function callersOf(timeline: Timeline, events: Uint32Array, launches: IdIndex): Callers {
  const { operator, correlation } = timeline
  if (events.length === 0) return () => -1
  if (!repeatsCorrelation(timeline, events)) {
    const operators = new IdIndex(operator, eventsOf(timeline, 'op'))
    return (event) => operators.get(operator[event]!)
  }
  const open = innermostOpen(timeline)
  return (event) => {
    const launch = launches.get(correlation[event]!)
    return launch < 0 ? -1 : open[launch]!
  }
}

function repeatsCorrelation({ operator, correlation }: Timeline, events: Uint32Array): boolean {
  let [both, same] = [0, 0]
  for (const event of events) {
    if (operator[event] === 0 || correlation[event] === 0) continue
    both++
    if (operator[event] === correlation[event]) same++
  }
  return both === 0 || same > both / 2
}

/** The operator within which each call of the device's runtime was made, indexed by call; -1: none. */
function innermostOpen(timeline: Timeline): Int32Array {
  const { track, kind, startUs, length } = timeline
  const found = new Int32Array(length).fill(-1)
  const events = eventsOf(timeline, 'op', 'launch', 'runtime', 'synchronization')
  const opKind = kindCode('op')
  const stacks = new Map<number, number[]>()
  for (const event of byStart(timeline, events)) {
    const open = stacks.get(track[event]!) ?? []
    if (open.length === 0) stacks.set(track[event]!, open)
    while (open.length > 0 && endOf(timeline, open.at(-1)!) <= startUs[event]!) open.pop()
    if (kind[event] === opKind) open.push(event)
    else if (open.length > 0) found[event] = open.at(-1)!
  }
  return found
}
