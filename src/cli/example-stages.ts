// Stages for tests of commands: each fails where it was not expected to be asked.
import type { Stages } from './stages.ts'

const notAsked = (): never => {
  throw new Error('not asked for')
}
const notAskedYet = () => Promise.reject(new Error('not asked for'))

export const unaskedStages: Stages = {
  why: notAskedYet,
  fix: notAskedYet,
  quantize: notAskedYet,
  lint: notAskedYet,
  compare: notAskedYet,
  check: notAskedYet,
  explain: notAsked,
  describeMachine: notAskedYet,
  listEngines: notAskedYet,
  readHistory: notAskedYet,
  checkHistory: notAsked,
  appendHistory: notAsked,
  entryOf: notAsked,
  entriesOf: notAsked,
}
